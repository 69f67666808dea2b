/* The command line of quern_bench; scripts/bench passes it on. */
#include "bench.h"

#include <getopt.h>

bool bench_read_options(int argc, char **argv, bench_options *options) {
  enum { DEVICE = 256, JSON, PYTHON, QUICK, ONLY, FIRST_STEP };
  static const struct option table[] = {{"device", required_argument, NULL, DEVICE},
                                        {"json", required_argument, NULL, JSON},
                                        {"python", required_argument, NULL, PYTHON},
                                        {"only", required_argument, NULL, ONLY},
                                        {"first-step", required_argument, NULL, FIRST_STEP},
                                        {"quick", no_argument, NULL, QUICK},
                                        {NULL, 0, NULL, 0}};
  *options = (bench_options){0};
  for (;;) {
    switch (getopt_long(argc, argv, "", table, NULL)) {
    case DEVICE:
      options->device = optarg;
      break;
    case JSON:
      options->json = optarg;
      break;
    case PYTHON:
      options->python = optarg;
      break;
    case ONLY:
      options->only = optarg;
      break;
    case FIRST_STEP:
      options->first_step = optarg;
      break;
    case QUICK:
      options->quick = true;
      break;
    case -1:
      if (optind == argc) return true;
      /* fall through */
    default:
      fprintf(stderr,
              "usage: %s [--device D] [--quick] [--only "
              "limits|products|sweep|steps|optimizers|streaming|collective|start] [--python "
              "PYTHON] [--json FILE]\n",
              argv[0]);
      return false;
    }
  }
}
