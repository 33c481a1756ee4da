/* SPDX-License-Identifier: MIT */
/* System registers: all encodings near the GIC's, with any value, and a sample of all others. */
#include "hostile.h"

#define VALUES 16           /* tried with each encoding, in order */
#define RANDOM_STEPS 160000 /* then any of them, in any order */
#define SAMPLES 80          /* times a page of other encodings */
#define SAMPLE (sizeof(hostiles[0].code) / 8)

/* Four ways to access a register, two words each: read, read to nowhere, write, write zero. */
#define WAYS 4
#define NR_ENCODINGS 576
static uint32_t code[NR_ENCODINGS][WAYS][2] __attribute__((aligned(4096)));
static uint16_t encodings[NR_ENCODINGS];
static unsigned nr_encodings;

static unsigned encoding(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
    return op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

static void add(unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
    unsigned at = nr_encodings++;

    encodings[at] = (uint16_t)encoding(3, op1, crn, crm, op2);
    for (unsigned way = 0; way < WAYS; way++) {
        code[at][way][0] = insn_sysreg(encodings[at], way >= 2, way % 2 ? 31 : 0);
        code[at][way][1] = INSN_RET;
    }
}

static uint32_t systematic_steps(void)
{
    return nr_encodings * WAYS * VALUES;
}

/* CRn 12 with CRm below 8 has VBAR_EL1 and is read only, with the other samples: a guest that loses
 * its vectors has done nothing to anybody else. */
uint32_t sysreg_prepare(void)
{
    nr_encodings = 0;
    for (unsigned op1 = 0; op1 < 8; op1++)
        for (unsigned op2 = 0; op2 < 8; op2++) {
            add(op1, 4, 6, op2);
            for (unsigned crm = 8; crm < 16; crm++)
                add(op1, 12, crm, op2);
        }
    sync_code(code, sizeof(code));
    return systematic_steps() + RANDOM_STEPS + SAMPLES;
}

/* QEMU 7.2 ends itself with a failed assertion when RES0 bits of ICC_BPR<n>_EL1 are written as 1,
 * on any GIC: it clamps the value before it cuts it to three bits. */
static bool is_binary_point(unsigned encoded)
{
    return encoded == encoding(3, 0, 12, 8, 3) || encoded == encoding(3, 0, 12, 12, 3);
}

static void access_sysreg(struct hostile *h, unsigned at, unsigned way, uint64_t value)
{
    if (is_binary_point(encodings[at]))
        value &= 7;
    h->what = way >= 2 ? "msr" : "mrs";
    h->address = encodings[at];
    run_code(h, code[at][way], value);
    h->what = 0;
}

/* The registers of the CPU interface get most of it. */
static unsigned some_register(struct hostile *h)
{
    unsigned at = below(h, nr_encodings);

    return below(h, 4) ? at % (NR_ENCODINGS / 8) : at;
}

static uint64_t some_value(struct hostile *h)
{
    /* INTIDs that may be pending or active here, for EOIR and DIR. */
    return below(h, 2) ? random_value(h) : below(h, 64);
}

/* Anything may be read; only what identifies the CPU, and what nobody has defined, is written. */
static void fill_sample(struct hostile *h)
{
    static const uint8_t writable[] = {0, 11, 15};

    for (unsigned i = 0; i < SAMPLE; i++) {
        bool write = below(h, 4) == 0;
        unsigned crn = write ? writable[below(h, sizeof(writable))] : below(h, 16);
        unsigned op0 = write ? 3 : 2 + below(h, 2);
        unsigned any = encoding(op0, below(h, 8), crn, below(h, 16), below(h, 8));

        h->code[2 * i] = insn_sysreg(any, write, below(h, 2) ? 31 : 0);
        h->code[2 * i + 1] = INSN_RET;
    }
    sync_code(h->code, sizeof(h->code));
}

static void run_sample(struct hostile *h)
{
    fill_sample(h);
    for (unsigned i = 0; i < SAMPLE; i++) {
        h->what = "sample of mrs and msr";
        h->address = h->code[2 * i];
        run_code(h, &h->code[2 * i], random_value(h));
        h->since_step = 0;
    }
    h->what = 0;
}

void sysreg_step(struct hostile *h, uint32_t n)
{
    if (below(h, 128) == 0)
        reopen(h);
    if (n < systematic_steps()) {
        access_sysreg(h, n / VALUES / WAYS, n / VALUES % WAYS, some_value(h));
    } else if (n < systematic_steps() + RANDOM_STEPS) {
        access_sysreg(h, some_register(h), below(h, WAYS), some_value(h));
        /* Something to acknowledge. */
        if (below(h, 16) == 0)
            gicd_write(GICD_ISPENDR + 4, (uint32_t)random64(h));
    } else {
        run_sample(h);
    }
}
