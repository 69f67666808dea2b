/* The table of quirks, and how they change a context. */
#include "quirks.h"

#include "state.h"
#include "tuning_field.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const quern__cl_quirk quern__cl_quirks[] = {
    {.platform = "rusticl",
     .device = "llvmpipe",
     .first = "",
     .last = "",
     .op = "",
     .remedy = QUERN__QUIRK_MAX_LOOP_ITERATIONS,
     .value = 65535,
     .what = "llvmpipe ends a work-item's loops after 65,535 iterations, so longer "
             "sums are wrong"},
};
const size_t quern__cl_quirk_count = sizeof quern__cl_quirks / sizeof *quern__cl_quirks;

const char *quern__quirk_remedy_text(quern__quirk_remedy remedy) {
  switch (remedy) {
  case QUERN__QUIRK_SAFE_ROW:
    return "; the safe row is used";
  case QUERN__QUIRK_GROUP_ROW:
    return "; work-groups compute products";
  case QUERN__QUIRK_OP_BY_OP:
    return "; steps run op by op";
  case QUERN__QUIRK_TWO_ROUNDINGS:
    return "; mad() replaces fma()";
  case QUERN__QUIRK_MAX_LOOP_ITERATIONS:
    break;
  }
  return "; there is no remedy: use it for small networks only";
}

/* --- Matching rows
 * ---------------------------------------------------------------------------- */

/* Returns the next number in *text and moves *text past it; -1 if there is none. */
static long long next_number(const char **text) {
  while (**text != '\0' && !isdigit((unsigned char)**text)) ++*text;
  if (**text == '\0') return -1;
  char *end;
  const long long number = strtoll(*text, &end, 10);
  *text = end;
  return number;
}

int quern__cl_compare_versions(const char *a, const char *b) {
  for (;;) {
    const long long left = next_number(&a), right = next_number(&b);
    if (left != right) return left < right ? -1 : 1;
    if (left < 0) return 0;
  }
}

static bool has_part(const char *text, const char *part) {
  const size_t length = strlen(part);
  for (; length > 0 && *text != '\0'; text++)
    if (strncasecmp(text, part, length) == 0) return true;
  return length == 0;
}

bool quern__cl_quirk_fits(const quern__cl_quirk *quirk, const quern_device_info *info) {
  if (!has_part(info->platform, quirk->platform) || !has_part(info->name, quirk->device))
    return false;
  if (*quirk->first != '\0' && quern__cl_compare_versions(info->driver, quirk->first) < 0)
    return false;
  return *quirk->last == '\0' || quern__cl_compare_versions(info->driver, quirk->last) <= 0;
}

/* --- Remedies
 * --------------------------------------------------------------------------------------- */

/* Takes only the tiles if the op is a product, else the whole row. */
static void use_safe_row(quern__cl_tuning *tuning, const quern__cl_tuning *safe, const char *op) {
  const bool item = tuning->dense == QUERN__DENSE_ITEM;
  if (item && strcmp(op, "dense forward") == 0)
    tuning->forward = safe->forward;
  else if (item && strcmp(op, "dense backward data") == 0)
    tuning->backward_data = safe->backward_data;
  else if (item && strcmp(op, "dense backward weights") == 0)
    tuning->backward_weights = safe->backward_weights;
  else
    *tuning = *safe;
}

static void use_group_row(quern__cl_tuning *tuning, const quern__cl_tuning *safe,
                          quern__cl_limits limits) {
  const quern_device_info gpu = {.kind = QUERN_DEVICE_GPU, .platform = ""};
  const quern__cl_tuning *row = quern__cl_tuning_find(&gpu, limits);
  *tuning = row->dense == QUERN__DENSE_GROUP ? *row : *safe;
}

static void apply(quern__cl *cl, const quern__cl_quirk *quirk) {
  const quern_device_info any = {.kind = QUERN_DEVICE_EMULATOR, .platform = ""};
  const quern__cl_tuning *safe = quern__cl_tuning_find(&any, cl->limits);
  switch (quirk->remedy) {
  case QUERN__QUIRK_SAFE_ROW:
    use_safe_row(&cl->tuning, safe, quirk->op);
    break;
  case QUERN__QUIRK_GROUP_ROW:
    use_group_row(&cl->tuning, safe, cl->limits);
    break;
  case QUERN__QUIRK_OP_BY_OP:
    cl->tuning.launch_kiloflops = 0;
    break;
  case QUERN__QUIRK_TWO_ROUNDINGS:
    cl->fused = false;
    break;
  case QUERN__QUIRK_MAX_LOOP_ITERATIONS:
    cl->loop_rounds = quirk->value;
    break;
  }
}

quern_status quern__cl_quirks_apply(quern__cl *cl, const quern_device_info *info,
                                    const quern__cl_quirk *quirks, size_t count) {
  cl->quirk_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (!quern__cl_quirk_fits(&quirks[i], info)) continue;
    const quern__cl_quirk **grown = realloc(cl->quirks, (cl->quirk_count + 1) * sizeof *grown);
    if (grown == NULL) return quern__fail_memory("quirks", (cl->quirk_count + 1) * sizeof *grown);
    cl->quirks = grown;
    cl->quirks[cl->quirk_count++] = &quirks[i];
    apply(cl, &quirks[i]);
  }
  quern__cl_tuning_fit(&cl->tuning, cl->limits);
  return QUERN_OK;
}
