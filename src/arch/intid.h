/* SPDX-License-Identifier: MIT */
/* INTID ranges (IHI 0069H, 2.2) and affinities (2.3). */
#ifndef LVGIC_ARCH_INTID_H
#define LVGIC_ARCH_INTID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"

#define NR_SGIS 16u
#define NR_PRIVATE 32u /* SGIs and PPIs */
#define FIRST_SPI 32u
#define MAX_SPIS 988u /* INTIDs 32 to 1019 */
#define FIRST_SPECIAL 1020u
#define INTID_NMI 1022u /* an NMI is pending: acknowledge by ICC_NMIAR1_EL1 */
#define INTID_SPURIOUS 1023u
#define FIRST_EPPI 1056u /* extended PPIs: INTIDs 1056 to 1119 */
#define MAX_EPPIS 64u
#define FIRST_ESPI 4096u /* extended SPIs: INTIDs 4096 to 5119 */
#define MAX_ESPIS 1024u
#define FIRST_LPI 8192u
#define INTID_NONE UINT32_MAX

static inline bool intid_is_sgi(uint32_t intid)
{
    return intid < NR_SGIS;
}

static inline bool intid_is_special(uint32_t intid)
{
    return intid >= FIRST_SPECIAL && intid <= INTID_SPURIOUS;
}

/* Aff3.Aff2.Aff1.Aff0 as MPIDR_EL1 and GICD_IROUTER<n> have them: [39:32] and [23:0]. */
#define AFFINITY_MASK (MASK64(39, 32) | MASK64(23, 0))

/* The same packed into 32 bits, as GICR_TYPER[63:32] has them. */
static inline uint32_t affinity_pack(uint64_t mpidr)
{
    return (uint32_t)(bits_get(mpidr, 39, 32) << 24 | bits_get(mpidr, 23, 0));
}

#endif
