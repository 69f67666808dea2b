/* Where a training stands, in a safetensors file.
 *
 *   metadata "quern.checkpoint"  the format, "1"
 *            "quern.version"     who wrote it
 *            "quern.epoch"       epochs done
 *            "quern.step"        steps done of the next one
 *            "quern.updates"     how often the parameters were updated: the optimizer's and the
 * schedule's counter "quern.best_epoch", "quern.best_loss"   the epoch with the lowest test loss,
 * and that; 0 and 0 where there is none "quern.shares"      "51,13": of the ranks that trained,
 * where they were given or measured; no one else needs it the identity's      see identity.h
 *   tensors  one for each of host/train/training_state.h, flat
 *            "best"              the parameters after the best epoch, where there is one
 *            "losses"            of the samples of the steps done in the epoch; none where there
 * are none */
#ifndef QUERN_HOST_FORMAT_CHECKPOINT_KEYS_H
#define QUERN_HOST_FORMAT_CHECKPOINT_KEYS_H

#define QUERN__CHECKPOINT_FORMAT "1"
#define QUERN__CHECKPOINT_LOSSES "losses"
#define QUERN__CHECKPOINT_BEST   "best"
#define QUERN__KEY_BEST_EPOCH    "quern.best_epoch"
#define QUERN__KEY_BEST_LOSS     "quern.best_loss"
#define QUERN__KEY_EPOCH         "quern.epoch"
#define QUERN__KEY_SHARES        "quern.shares"
#define QUERN__KEY_STEP          "quern.step"
#define QUERN__KEY_UPDATES       "quern.updates"

#endif
