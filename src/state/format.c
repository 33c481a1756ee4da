/* SPDX-License-Identifier: MIT */
/* Is a snapshot sound? Everything that a restore relies on is looked at here, before it begins. */
#include "state/format.h"

#include "arch/lr.h"
#include "base/bits.h"

/* CRC-32 as Ethernet has it: polynomial 0xedb88320, reflected, ones before and after. */
uint32_t snap_crc(const uint8_t *data, size_t size)
{
    /* What four bits that are shifted out leave behind. */
    static const uint32_t rest[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                      0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                      0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                      0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ rest[crc & 15];
        crc = crc >> 4 ^ rest[crc & 15];
    }
    return ~crc;
}

bool snap_next(const uint8_t *buffer, size_t size, size_t *at, struct snap_rec *rec)
{
    if (*at >= size)
        return false;
    rec->type = snap_get16(buffer + *at + REC_AT_TYPE);
    rec->flags = snap_get16(buffer + *at + REC_AT_FLAGS);
    rec->length = snap_get32(buffer + *at + REC_AT_LENGTH);
    rec->content = buffer + *at + REC_HEAD_SIZE;
    *at += align_up(REC_HEAD_SIZE + (size_t)rec->length, REC_ALIGNMENT);
    return true;
}

struct snap_range snap_range(const struct snap_rec *rec)
{
    return (struct snap_range){
        .vcpu = snap_get32(rec->content + IRQS_AT_VCPU),
        .first = snap_get32(rec->content + IRQS_AT_FIRST),
        .count = snap_get32(rec->content + IRQS_AT_COUNT),
        .entry_size = snap_get32(rec->content + IRQS_AT_ENTRY_SIZE),
        .entries = rec->content + IRQS_AT_ENTRIES,
    };
}

/* Which of the records that there must be have been seen. */
struct check {
    const struct snap_config *config;
    uint64_t vcpus[MAX_VCPUS / 64], acks[MAX_VCPUS / 64];
    uint64_t privates[MAX_VCPUS / 64], eppis[MAX_VCPUS / 64];
    bool dist, spis, espis, setup;
    struct snap_lpis lpis;
};

static bool all_seen(const uint64_t *seen, uint32_t nr)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < MAX_VCPUS / 64; i++)
        count += bits_count(seen[i]);
    return count == nr;
}

static bool has_option(const struct snap_config *config, uint32_t option)
{
    return config->options & option;
}

/* ------------------------------------------------------------------ one record each */

/* As lvgic_vm_init() would take it. */
static const char *check_config(const struct snap_rec *rec, struct snap_config *config)
{
    const uint8_t *c = rec->content;
    struct lvgic_config like;

    *config = (struct snap_config){
        .gic = snap_get32(c + CONFIG_AT_GIC),
        .nr_vcpus = snap_get32(c + CONFIG_AT_NR_VCPUS),
        .nr_spis = snap_get32(c + CONFIG_AT_NR_SPIS),
        .nr_espis = snap_get32(c + CONFIG_AT_NR_ESPIS),
        .nr_eppis = snap_get32(c + CONFIG_AT_NR_EPPIS),
        .pri_bits = snap_get32(c + CONFIG_AT_PRI_BITS),
        .options = snap_get32(c + CONFIG_AT_OPTIONS),
        .affinities = c + CONFIG_AT_AFFINITIES,
    };
    if ((config->gic != 2 && config->gic != 3) || config->pri_bits < 5 || config->pri_bits > 7 ||
        (config->options & ~(uint32_t)OPTION_ALL))
        return "CONFIG: version, priority bits or options";
    like = (struct lvgic_config){
        .nr_vcpus = config->nr_vcpus,
        .nr_spis = config->nr_spis,
        .nr_espis = config->nr_espis,
        .nr_eppis = config->nr_eppis,
        .gic = (uint8_t)config->gic,
        .pri_bits = (uint8_t)config->pri_bits,
        .one_of_n = has_option(config, OPTION_ONE_OF_N),
        .nmi = has_option(config, OPTION_NMI),
        .two_security_states = has_option(config, OPTION_TWO_STATES),
    };
    if (!vm_config_valid(&like))
        return "CONFIG: limits";
    if (rec->length != CONFIG_AT_AFFINITIES + 8 * config->nr_vcpus)
        return "CONFIG: length";
    return NULL;
}

static const char *check_dist(struct check *check, const uint8_t *c)
{
    const struct snap_config *config = check->config;
    bool two_states = has_option(config, OPTION_TWO_STATES);
    uint32_t ctlr = snap_get32(c + DIST_AT_CTLR), iidr = snap_get32(c + DIST_AT_IIDR);
    uint64_t revision = config->gic == 2 ? 2 : 3;
    uint64_t gicd = bits_get(snap_get64(c + DIST_AT_GICD_PIDR), 23, 20);
    uint64_t gicr = bits_get(snap_get64(c + DIST_AT_GICR_PIDR), 23, 20);

    if (check->dist)
        return "DIST: twice";
    check->dist = true;
    if (ctlr & ~(CTLR_ENABLE_GROUP0 | CTLR_ENABLE_GROUP1 | CTLR_ENABLE_GROUP1S | CTLR_DS) ||
        (!two_states && !(ctlr & CTLR_DS)) || ((ctlr & CTLR_DS) && (ctlr & CTLR_ENABLE_GROUP1S)))
        return "DIST: GICD_CTLR";
    if (snap_get32(c + DIST_AT_STATUSR) > 15 || (two_states && iidr_revision(iidr) == 1))
        return "DIST: GICD_STATUSR or GICD_IIDR";
    /* GICv2's are constants: what is kept of the configuration is not looked at. */
    if (revision == 3 && (gicd != 3 || gicr != 3))
        return "DIST: GICD_PIDR or GICR_PIDR";
    return NULL;
}

/* ICH_VMCR_EL2 as a save writes it. */
static bool vmcr_is_sound(const struct snap_config *config, uint32_t vmcr)
{
    uint32_t least = 8 - config->pri_bits;
    uint64_t kept = GICC_CTLR_BITS | MASK64(VMCR_VBPR1_HI, VMCR_VBPR1_LO) |
                    MASK64(VMCR_VBPR0_HI, VMCR_VBPR0_LO) |
                    (uint64_t)snap_priority_bits(config) << VMCR_VPMR_LO;

    if (config->gic == 3 && (vmcr & (VMCR_VACKCTL | VMCR_VFIQEN)) != VMCR_VFIQEN)
        return false;
    return !(vmcr & ~kept) && bits_get(vmcr, VMCR_VBPR1_HI, VMCR_VBPR1_LO) >= least &&
           bits_get(vmcr, VMCR_VBPR0_HI, VMCR_VBPR0_LO) >= least - 1;
}

/* Only levels that this number of priority bits has. */
static bool levels_are_sound(const struct snap_config *config, const uint8_t *c)
{
    static const uint64_t every[] = {UINT64_C(0x1111111111111111), UINT64_C(0x5555555555555555),
                                     UINT64_MAX};
    uint64_t levels = snap_get64(c) | snap_get64(c + 8);

    return !(levels & ~every[config->pri_bits - 5]);
}

static const char *check_vcpu(struct check *check, const uint8_t *c)
{
    const struct snap_config *config = check->config;
    uint32_t index = snap_get32(c + VCPU_AT_INDEX), nmi = snap_get32(c + VCPU_AT_ACTIVE_NMI);
    uint32_t dpg = has_option(config, OPTION_ONE_OF_N) ? DPG_GROUP0 | DPG_GROUP1 | DPG_GROUP1S : 0;

    if (index >= config->nr_vcpus || !snap_first_time(check->vcpus, index))
        return "VCPU: index";
    if (snap_get32(c + VCPU_AT_ASLEEP) > 1 || (snap_get32(c + VCPU_AT_DPG) & ~dpg) ||
        snap_get32(c + VCPU_AT_STATUSR) > 15 ||
        (snap_get32(c + VCPU_AT_NSACR) && !has_option(config, OPTION_TWO_STATES)))
        return "VCPU: redistributor";
    if (!vmcr_is_sound(config, snap_get32(c + VCPU_AT_VMCR)) ||
        !levels_are_sound(config, c + VCPU_AT_ACTIVE0) ||
        !levels_are_sound(config, c + VCPU_AT_ACTIVE1) ||
        (config->gic == 2 &&
         (snap_get64(c + VCPU_AT_ACTIVE1) | snap_get64(c + VCPU_AT_ACTIVE1 + 8))) ||
        nmi > has_option(config, OPTION_NMI))
        return "VCPU: CPU interface";
    return NULL;
}

/* ------------------------------------------------------------------ interrupts */

/* What an interrupt of this kind can have. */
static uint32_t states_of(const struct snap_config *config, uint32_t intid)
{
    uint32_t states = SNAP_STATE_PENDING | SNAP_STATE_ENABLED | SNAP_STATE_EDGE |
                      SNAP_STATE_GROUP1 | SNAP_STATE_ACTIVE;

    if (has_option(config, OPTION_NMI))
        states |= SNAP_STATE_NMI;
    if (has_option(config, OPTION_TWO_STATES))
        states |= SNAP_STATE_MODIFIER;
    if (!intid_is_sgi(intid))
        states |= SNAP_STATE_LINE | SNAP_STATE_SOFT | SNAP_STATE_MAPPED;
    if (intid >= FIRST_SPI && intid - FIRST_EPPI >= MAX_EPPIS)
        states |= SNAP_STATE_MESSAGE;
    return states;
}

static bool state_is_sound(const struct snap_config *config, uint32_t intid, const uint8_t *e)
{
    uint32_t state = snap_get32(e + IRQ_AT_STATE);
    uint32_t cpus = (uint32_t)(BIT64(config->nr_vcpus < 8 ? config->nr_vcpus : 8) - 1);
    bool sgi2 = config->gic == 2 && intid_is_sgi(intid);
    bool edge = state & SNAP_STATE_EDGE;

    if (state & ~states_of(config, intid))
        return false;
    /* A latch is the one of its configuration; SGIs are edge-triggered, GICv2's enabled and
     * pending for each source apart. */
    if ((state & (edge ? SNAP_STATE_SOFT : SNAP_STATE_PENDING)) || (intid_is_sgi(intid) && !edge))
        return false;
    if (sgi2 && (!(state & SNAP_STATE_ENABLED) || (state & SNAP_STATE_PENDING)))
        return false;
    if (snap_get8(e + IRQ_AT_SOURCES) & ~(sgi2 ? cpus : 0))
        return false;
    return snap_get8(e + IRQ_AT_SOURCE) <
           (sgi2 && (state & SNAP_STATE_ACTIVE) ? config->nr_vcpus : 1);
}

static bool place_is_sound(const struct snap_config *config, const struct snap_range *range,
                           const uint8_t *e)
{
    bool shared = range->vcpu == SNAP_SHARED;
    bool active = snap_get32(e + IRQ_AT_STATE) & SNAP_STATE_ACTIVE;
    uint32_t target = snap_get16(e + IRQ_AT_TARGET), holder = snap_get16(e + IRQ_AT_HOLDER);
    uint64_t route = snap_get64(e + IRQ_AT_ROUTE), kept = AFFINITY_MASK;

    if (config->gic == 2)
        kept = config->nr_vcpus == 1 ? 0 : BIT64(config->nr_vcpus) - 1;
    else if (has_option(config, OPTION_ONE_OF_N))
        kept |= BIT64(31);
    if (route & ~(shared ? kept : 0))
        return false;
    if (shared ? target >= config->nr_vcpus && target != SNAP_NOBODY : target != range->vcpu)
        return false;
    if (!active)
        return holder == SNAP_NOBODY;
    return shared ? holder < config->nr_vcpus : holder == range->vcpu;
}

static bool irq_is_sound(const struct snap_config *config, const struct snap_range *range,
                         uint32_t intid, const uint8_t *e)
{
    uint32_t nsacr = snap_get8(e + IRQ_AT_NSACR), pintid = snap_get32(e + IRQ_AT_PINTID);
    bool mapped = snap_get32(e + IRQ_AT_STATE) & SNAP_STATE_MAPPED;
    bool has_nsacr = range->vcpu == SNAP_SHARED && has_option(config, OPTION_TWO_STATES);

    if ((snap_get8(e + IRQ_AT_PRIORITY) & ~snap_priority_bits(config)) ||
        nsacr > (has_nsacr ? 3u : 0u))
        return false;
    if (mapped ? pintid < NR_SGIS || pintid >= FIRST_SPECIAL : pintid != 0)
        return false;
    return state_is_sound(config, intid, e) && place_is_sound(config, range, e);
}

/* Each range whole, and once. */
static bool range_is_new(struct check *check, const struct snap_range *range)
{
    const struct snap_config *config = check->config;
    bool *shared = NULL;

    if (range->vcpu == SNAP_SHARED) {
        if (range->first == FIRST_SPI && range->count == config->nr_spis)
            shared = &check->spis;
        else if (range->first == FIRST_ESPI && range->count == config->nr_espis)
            shared = &check->espis;
        if (!shared || *shared)
            return false;
        *shared = true;
        return true;
    }
    if (range->vcpu >= config->nr_vcpus)
        return false;
    if (range->first == 0 && range->count == NR_PRIVATE)
        return snap_first_time(check->privates, range->vcpu);
    return range->first == FIRST_EPPI && range->count == config->nr_eppis && range->count &&
           snap_first_time(check->eppis, range->vcpu);
}

static const char *check_irqs(struct check *check, const struct snap_rec *rec)
{
    struct snap_range range = snap_range(rec);

    if (range.entry_size < IRQ_SIZE || range.entry_size > 256 || range.entry_size % 8 ||
        !range_is_new(check, &range))
        return "IRQS: range";
    if (rec->length != IRQS_AT_ENTRIES + (uint64_t)range.count * range.entry_size)
        return "IRQS: length";
    for (uint32_t i = 0; i < range.count; i++)
        if (!irq_is_sound(check->config, &range, range.first + i,
                          range.entries + (size_t)i * range.entry_size))
            return "IRQS: state";
    return NULL;
}

/* ------------------------------------------------------------------ acknowledged interrupts */

static bool intid_exists(const struct snap_config *config, uint32_t intid)
{
    return intid < NR_PRIVATE || intid - FIRST_SPI < config->nr_spis ||
           intid - FIRST_EPPI < config->nr_eppis || intid - FIRST_ESPI < config->nr_espis;
}

static bool ack_is_sound(const struct snap_config *config, const uint8_t *e)
{
    uint32_t intid = snap_get32(e + ACK_AT_INTID), level = snap_get8(e + ACK_AT_LEVEL);
    uint32_t finest = (1u << snap_level_shift(config->pri_bits)) - 1;
    bool sgi2 = config->gic == 2 && intid_is_sgi(intid);
    bool level_exists =
        level == 255 ? has_option(config, OPTION_NMI) : level < 128 && !(level & finest);

    return intid_exists(config, intid) && level_exists && snap_get8(e + ACK_AT_GROUP1) <= 1 &&
           !(snap_get8(e + ACK_AT_PRIORITY) & ~snap_priority_bits(config)) &&
           snap_get8(e + ACK_AT_SOURCE) < (sgi2 ? config->nr_vcpus : 1);
}

static const char *check_acks(struct check *check, const struct snap_rec *rec)
{
    uint32_t vcpu = snap_get32(rec->content + ACKS_AT_VCPU);
    uint32_t count = snap_get32(rec->content + ACKS_AT_COUNT);

    if (vcpu >= check->config->nr_vcpus || !snap_first_time(check->acks, vcpu) ||
        count > MAX_OVERFLOW)
        return "ACKS: vCPU or count";
    if (rec->length != ACKS_AT_ENTRIES + count * ACK_SIZE)
        return "ACKS: length";
    for (uint32_t i = 0; i < count; i++)
        if (!ack_is_sound(check->config, rec->content + ACKS_AT_ENTRIES + (size_t)i * ACK_SIZE))
            return "ACKS: entry";
    return NULL;
}

/* ------------------------------------------------------------------ addresses */

static bool base_is_sound(uint64_t base, uint64_t alignment)
{
    return base == NO_ADDRESS || (base < BIT64(52) && base % alignment == 0);
}

static const char *check_setup(struct check *check, const struct snap_rec *rec)
{
    const uint8_t *c = rec->content;
    uint32_t nr = snap_get32(c + SETUP_AT_NR_REGIONS), maint = snap_get32(c + SETUP_AT_MAINT_IRQ);
    bool gicv2 = check->config->gic == 2;
    uint64_t alignment = gicv2 ? 0x1000 : 0x10000;

    if (check->setup || nr > (gicv2 ? 0 : check->config->nr_vcpus) ||
        rec->length != SETUP_AT_REGIONS + (size_t)nr * REGION_SIZE)
        return "SETUP: regions";
    check->setup = true;
    if (!base_is_sound(snap_get64(c + SETUP_AT_DIST), alignment) ||
        !base_is_sound(snap_get64(c + SETUP_AT_CPU), alignment) ||
        (maint && (maint < NR_SGIS || maint >= NR_PRIVATE)) ||
        snap_get32(c + SETUP_AT_SINGLE) > (nr == 1))
        return "SETUP: addresses";
    for (uint32_t i = 0; i < nr; i++) {
        const uint8_t *region = c + SETUP_AT_REGIONS + (size_t)i * REGION_SIZE;
        uint32_t count = snap_get32(region + REGION_AT_COUNT);

        if (snap_get64(region + REGION_AT_BASE) == NO_ADDRESS ||
            !base_is_sound(snap_get64(region + REGION_AT_BASE), alignment) || !count ||
            count > 4095)
            return "SETUP: region";
    }
    return NULL;
}

/* ------------------------------------------------------------------ all of it */

static uint32_t least_length(uint32_t type)
{
    switch (type) {
#define LEAST(name, number, flags, least, what) \
    case SNAP_##name:                           \
        return (least);
        SNAP_RECORDS(LEAST)
#undef LEAST
    default:
        return 0;
    }
}

static const char *check_header(const uint8_t *buffer, size_t size)
{
    if (size < SNAP_HEADER_SIZE || snap_get64(buffer + SNAP_AT_MAGIC) != SNAP_MAGIC)
        return "no snapshot";
    if (snap_get32(buffer + SNAP_AT_HEADER_SIZE) != SNAP_HEADER_SIZE ||
        snap_get64(buffer + SNAP_AT_TOTAL_SIZE) != size)
        return "truncated, or followed by something";
    if (snap_get32(buffer + SNAP_AT_CRC) !=
        snap_crc(buffer + SNAP_HEADER_SIZE, size - SNAP_HEADER_SIZE))
        return "checksum";
    return NULL;
}

/* One record that is all there; what is wrong with it. */
static const char *check_record(struct check *check, const struct snap_rec *rec)
{
    if (rec->length < least_length(rec->type))
        return "record: shorter than its type";
    switch (rec->type) {
    case SNAP_CONFIG:
        return "CONFIG: not the first record, or twice";
    case SNAP_DIST:
        return check_dist(check, rec->content);
    case SNAP_VCPU:
        return check_vcpu(check, rec->content);
    case SNAP_IRQS:
        return check_irqs(check, rec);
    case SNAP_ACKS:
        return check_acks(check, rec);
    case SNAP_SETUP:
        return check_setup(check, rec);
    default:
        return snap_check_lpis(&check->lpis, rec);
    }
}

static const char *check_complete(const struct check *check)
{
    const struct snap_config *config = check->config;

    if (!check->dist || !all_seen(check->vcpus, config->nr_vcpus) ||
        !all_seen(check->privates, config->nr_vcpus) || !all_seen(check->acks, config->nr_vcpus) ||
        !all_seen(check->eppis, config->nr_eppis ? config->nr_vcpus : 0) ||
        check->spis != !!config->nr_spis || check->espis != !!config->nr_espis)
        return "records are missing";
    return NULL;
}

/* Is the record whole, and known or of those that may be skipped? */
static int check_frame(const uint8_t *buffer, size_t size, size_t at, const char **what)
{
    uint32_t length, type;

    *what = "record: longer than the rest";
    if (size - at < REC_HEAD_SIZE)
        return LVGIC_E_FORMAT;
    length = snap_get32(buffer + at + REC_AT_LENGTH);
    type = snap_get16(buffer + at + REC_AT_TYPE);
    if (length > size - at - REC_HEAD_SIZE ||
        align_up(REC_HEAD_SIZE + (size_t)length, REC_ALIGNMENT) > size - at)
        return LVGIC_E_FORMAT;
    *what = "record: required, and of an unknown type";
    if ((snap_get16(buffer + at + REC_AT_FLAGS) & REC_REQUIRED) && !least_length(type))
        return LVGIC_E_UNKNOWN;
    *what = NULL;
    return LVGIC_OK;
}

int snap_check_records(const uint8_t *buffer, size_t size, struct snap_config *config,
                       struct snap_fault *fault)
{
    struct check check = {.config = config, .lpis = {.config = config}};
    struct snap_rec rec;
    size_t at = SNAP_HEADER_SIZE;
    int status;

    *fault = (struct snap_fault){.at = 0, .what = check_header(buffer, size)};
    if (fault->what)
        return LVGIC_E_FORMAT;
    fault->what = "a later version of the format";
    if (snap_get32(buffer + SNAP_AT_VERSION) != SNAP_VERSION)
        return LVGIC_E_UNKNOWN;
    while (at < size) {
        fault->at = at;
        status = check_frame(buffer, size, at, &fault->what);
        if (status != LVGIC_OK)
            return status;
        snap_next(buffer, size, &at, &rec);
        if (fault->at == SNAP_HEADER_SIZE)
            fault->what = rec.type == SNAP_CONFIG && rec.length >= CONFIG_AT_AFFINITIES
                              ? check_config(&rec, config)
                              : "CONFIG: not the first record";
        else
            fault->what = check_record(&check, &rec);
        if (fault->what)
            return LVGIC_E_FORMAT;
    }
    fault->at = size;
    fault->what = at > SNAP_HEADER_SIZE ? check_complete(&check) : "records are missing";
    if (!fault->what)
        fault->what = snap_check_all_lpis(&check.lpis);
    return fault->what ? LVGIC_E_FORMAT : LVGIC_OK;
}

int snap_check(const uint8_t *buffer, size_t size, struct snap_config *config,
               struct snap_fault *fault)
{
    int status = snap_check_records(buffer, size, config, fault);

    if (status != LVGIC_OK || snap_lpis_are_unique(buffer, size))
        return status;
    fault->what = "DEVICE: an LPI of two events";
    return LVGIC_E_FORMAT;
}
