/* The definition of a tuning report, for the backends that fill it. */
#ifndef QUERN_HOST_DEVICE_TUNE_REPORT_H
#define QUERN_HOST_DEVICE_TUNE_REPORT_H

#include <quern/tune.h>

struct quern_tune_report {
  /* owned, with their strings, except for the names, which are static */
  quern_tune_part *parts;
  size_t part_count;
  quern_tune_product *products; /* owned */
  size_t product_count;
  char *file; /* owned; may be NULL */
};

/* Appends a copy. The report takes ownership of `before` and `after`, even if this fails. */
quern_status quern__tune_report_part(quern_tune_report *report, const quern_tune_part *part);
quern_status quern__tune_report_product(quern_tune_report *report,
                                        const quern_tune_product *product);

#endif
