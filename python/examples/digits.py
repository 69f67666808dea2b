#!/usr/bin/env python3
"""Trains on quern's digits, saves the network, loads it and predicts the held-out digits."""

import sys

import quern


def main(path):
    (x, y), (x_test, y_test) = quern.read(
        "digits"
    )  # float32 (1438, 64), int32 (1438,); and 359 held out
    network = quern.Network(64, [128, 64, 10], seed=1)
    print(f"{network} on {network.device.name}")

    def tell(epoch):
        if epoch.epoch % 10 == 0:
            print(
                f"epoch {epoch.epoch}/{epoch.epochs}  loss {epoch.loss:.4f}  held out "
                f"{epoch.validation.accuracy:.4f}"
            )

    network.fit(x, y, epochs=50, validation=(x_test, y_test), on_epoch=tell)
    network.save(path)

    loaded = quern.load(path)
    guessed = loaded.predict(x_test).argmax(
        axis=1
    )  # float32 (359, 10): a probability for each class
    print(f"accuracy {(guessed == y_test).mean():.4f} on {len(y_test)} held out, from {path}")
    print("the first ten are   ", *y_test[:10])
    print("and are taken for   ", *guessed[:10])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "digits.safetensors")
