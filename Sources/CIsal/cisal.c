#include "cisal.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

struct cisal_inflater {
  struct inflate_state state;
};

cisal_inflater *cisal_inflater_new(void) {
  cisal_inflater *inflater = malloc(sizeof *inflater);
  if (inflater) {
    isal_inflate_init(&inflater->state);
    inflater->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
  }
  return inflater;
}

void cisal_inflater_free(cisal_inflater *inflater) { free(inflater); }

void cisal_inflater_reset(cisal_inflater *inflater) {
  isal_inflate_reset(&inflater->state);
  inflater->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
}

cisal_result cisal_inflate(
    cisal_inflater *inflater, const uint8_t *input, uint32_t *input_count, uint8_t *output, uint32_t *output_count) {
  struct inflate_state *state = &inflater->state;
  // It is not written to; the library does not say so.
  state->next_in = (uint8_t *)input;
  state->avail_in = *input_count;
  state->next_out = output;
  state->avail_out = *output_count;
  int result = isal_inflate(state);
  *input_count -= state->avail_in;
  *output_count -= state->avail_out;
  if (result != ISAL_DECOMP_OK && result != ISAL_END_INPUT) return CISAL_DAMAGED;
  return state->block_state == ISAL_BLOCK_FINISH ? CISAL_END : CISAL_MORE;
}
