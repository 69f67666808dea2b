/* The counter-based generator of random numbers and dropout masks. Needs no other file. */

/* Philox4x32-10: ten rounds over a counter with a key. Must match host/functions/philox.c. */
uint4 philox(uint4 counter, uint2 key) {
  for (uint round = 0; round < 10; round++) {
    const uint high0 = mul_hi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
    const uint high1 = mul_hi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
    counter = (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}
