/* SPDX-License-Identifier: MIT */
/* What a fuzz target is: libFuzzer's, AFL++'s and our replay's one function. */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
