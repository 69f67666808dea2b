/* A checkpoint of training, in a safetensors file.
 *
 *   metadata "quern.checkpoint"  version of the format, "1"
 *            "quern.version"     QUERN_VERSION of the writer
 *            "quern.epoch"       epochs done
 *            "quern.step"        steps done of the next epoch
 *            "quern.updates"     parameter updates done, for optimizer and schedule
 *            "quern.best_epoch"  the epoch with the lowest test loss; 0 if none
 *            "quern.best_loss"   that test loss; 0 if none
 *            "quern.shares"      the ranks' shares of a batch, "51,13", if given or
 *                                measured; absent otherwise
 *            further keys        what identifies the training: see identity.h
 *
 *   tensors  one for each in host/train/training_state.h, flat
 *            "best"              the parameters after the best epoch, if any
 *            "losses"            the samples' losses in this epoch's steps, if any */
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
