/* SPDX-License-Identifier: MIT */
/*
 * Status codes. One row per code: name, value, what it means, what the caller should do.
 *
 * The values are the negative errno numbers that KVM's device attributes use for the same meaning,
 * so an embedder that speaks that interface passes them through; those below -1000 are about
 * snapshots, for which KVM has none. Every function lists the codes
 * that it can return; none of them depends on what a running vCPU happens to be doing.
 */
#ifndef LVGIC_ERRORS_H
#define LVGIC_ERRORS_H

#define LVGIC_ERROR_MAP(X)                                                                      \
    X(OK, 0, "success", "nothing")                                                              \
    X(E_NO_ENTRY, -2, "no such INTID, register or mapping", "check the number that was passed") \
    X(E_NO_DEVICE, -6, "the configuration has no such frame, register or vCPU",                 \
      "check the configuration")                                                                \
    X(E_NO_MEMORY, -12, "the block of memory is smaller than lvgic_vm_size() asks for",         \
      "hand over a larger block")                                                               \
    X(E_EXISTS, -17, "the thing exists already", "remove it first")                             \
    X(E_INVALID, -22, "an argument is out of its documented range", "correct the argument")     \
    X(E_PHASE, -16, "the call is not allowed in this phase of the object's life",               \
      "follow the order that the function documents")                                           \
    X(E_TOO_BIG, -7, "an address is beyond the guest's physical address space",                 \
      "correct the address, or lvgic_config.ipa_bits")                                          \
    X(E_FORMAT, -1001, "damaged, or not a snapshot", "lvgic check says where")                  \
    X(E_UNKNOWN, -1002, "the snapshot has something required that this library does not know",  \
      "restore it with a newer library")                                                        \
    X(E_OTHER_GIC, -1003, "the snapshot is of another architecture version",                    \
      "make the VM with the snapshot's version")                                                \
    X(E_OTHER_VCPUS, -1004, "the snapshot has other vCPUs: their number or affinities",         \
      "make the VM with the snapshot's vCPUs")                                                  \
    X(E_FEWER_INTIDS, -1005, "the VM lacks interrupts, devices or events that there are",       \
      "make the VM with as many, or more")                                                      \
    X(E_FEWER_PRIORITIES, -1006, "the VM has fewer priority bits than the snapshot",            \
      "restore on a machine with as many")                                                      \
    X(E_OTHER_OPTIONS, -1007, "1-of-N, NMIs, security states or ITSs differ",                   \
      "make the VM with the snapshot's options")                                                \
    X(E_OTHER_MAPPING, -1008, "other interrupts are hardware-mapped than in the snapshot",      \
      "map the same ones before")                                                               \
    X(E_OTHER_ADDRESSES, -1009, "the VM's frames are at other addresses than the snapshot's",   \
      "set the snapshot's addresses, or none")

enum lvgic_status {
#define LVGIC_ERROR_ENUM(name, value, meaning, advice) LVGIC_##name = (value),
    LVGIC_ERROR_MAP(LVGIC_ERROR_ENUM)
#undef LVGIC_ERROR_ENUM
};

#pragma GCC visibility push(default)

/* What a status code means, as a constant English phrase; "unknown status" for any other number.
 * Callable from any context; calls nothing back. */
const char *lvgic_strerror(int status);

#pragma GCC visibility pop

#endif
