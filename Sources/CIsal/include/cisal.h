#pragma once
#include <stddef.h>
#include <stdint.h>

// Intel's ISA-L, whose state is too large a struct for Swift.

typedef struct cisal_inflater cisal_inflater;

/// What follows the header of a member of gzip (RFC 1952), which the library reads in one piece only. The sums at the end
/// are read and verified as well.
/// Null when there is no memory.
cisal_inflater *_Nullable cisal_inflater_new(void);
void cisal_inflater_free(cisal_inflater *_Nullable inflater);

/// Makes it ready for another member.
void cisal_inflater_reset(cisal_inflater *_Nonnull inflater);

typedef enum {
  /// The input is used up, or the output full.
  CISAL_MORE,
  /// Of the member; what is left of the input stands behind it.
  CISAL_END,
  CISAL_DAMAGED,
} cisal_result;

/// Decompresses; afterwards the counts are those of the bytes that were taken and given.
cisal_result cisal_inflate(
    cisal_inflater *_Nonnull inflater, const uint8_t *_Nullable input, uint32_t *_Nonnull input_count,
    uint8_t *_Nonnull output, uint32_t *_Nonnull output_count);
