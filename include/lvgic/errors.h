/* SPDX-License-Identifier: MIT */
/*
 * Status codes. One row per code: name, value, what it means, what the caller should do.
 *
 * The values are the negative errno numbers that KVM's device attributes use for the same meaning,
 * so an embedder that speaks that interface passes them through. Every function lists the codes
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
      "follow the order that the function documents")

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
