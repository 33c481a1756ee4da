/* SPDX-License-Identifier: MIT */
/* The power state coordination interface (Arm DEN 0022), called by HVC. */
#ifndef GUEST_PSCI_H
#define GUEST_PSCI_H

#include <stdint.h>

/* Return codes: DEN 0022, section 5.2.2. */
#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)

/* States of AFFINITY_INFO: DEN 0022, section 5.7. */
#define PSCI_AFFINITY_ON 0
#define PSCI_AFFINITY_OFF 1

int32_t psci_call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3);
int32_t psci_version(void);
int32_t psci_cpu_on(uint64_t mpidr, uintptr_t entry, uint64_t context);
int32_t psci_cpu_off(void);
int32_t psci_affinity_info(uint64_t mpidr);
void psci_system_off(void) __attribute__((noreturn));

/* In the images for it: the reference hypervisor gives this guest another GIC, with the same state
 * (hyp/README.md). The tests do this wherever an interrupt is likely to be under way. */
#ifdef CHECKPOINTS
void checkpoint(void);
#else
static inline void checkpoint(void)
{
}
#endif

#endif
