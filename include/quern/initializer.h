/* How the weights of a layer are initialized. */
#ifndef QUERN_INITIALIZER_H
#define QUERN_INITIALIZER_H

#include <quern/export.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Initial weights of a dense layer, uniform in [-bound, bound):
 *   HE        bound = sqrt(6 / in), for ReLU (He et al. 2015)
 *   XAVIER    bound = sqrt(6 / (in + out)), for tanh and sigmoid (Glorot and Bengio 2010)
 *   UNIFORM   bound = 1 / sqrt(in), as torch.nn.Linear
 *   LECUN     bound = sqrt(3 / in), for SELU (LeCun et al. 1998; Klambauer et al. 2017)
 *   DEFAULT   XAVIER for identity, sigmoid and tanh, LECUN for SELU, HE for ReLU and activations
 *             of its shape: leaky ReLU, ELU, GELU, SiLU, softplus (network level only) */
typedef enum quern_initializer {
  QUERN_INITIALIZER_DEFAULT,
  QUERN_INITIALIZER_HE,
  QUERN_INITIALIZER_XAVIER,
  QUERN_INITIALIZER_UNIFORM,
  QUERN_INITIALIZER_LECUN
} quern_initializer;

/* Returns the bound above for a layer of `in` inputs and `out` outputs; 0 for
 * QUERN_INITIALIZER_DEFAULT, which depends on the activation. */
QUERN_API float quern_initializer_bound(quern_initializer initializer, size_t in, size_t out);

#ifdef __cplusplus
}
#endif
#endif
