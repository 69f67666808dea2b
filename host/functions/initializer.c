/* The bounds that initializers draw weights from. */
#include <quern/initializer.h>

#include <math.h>

float quern_initializer_bound(quern_initializer initializer, size_t in, size_t out) {
  switch (initializer) {
  case QUERN_INITIALIZER_HE:
    return (float)sqrt(6.0 / (double)in);
  case QUERN_INITIALIZER_XAVIER:
    return (float)sqrt(6.0 / ((double)in + (double)out));
  case QUERN_INITIALIZER_UNIFORM:
    return (float)(1.0 / sqrt((double)in));
  case QUERN_INITIALIZER_LECUN:
    return (float)sqrt(3.0 / (double)in);
  case QUERN_INITIALIZER_DEFAULT:
    break;
  }
  return 0.0f;
}
