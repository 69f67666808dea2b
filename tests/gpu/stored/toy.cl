__kernel void toy(__global const float *x, __global float *y, uint n, int wide) {
  float4 sum = (float4)(0.0f);
  uint at = get_global_id(0);
#pragma unroll 1
  for (uint i = 0; i < n; i++, at += 1000) {
    float4 v;
    if (wide)
      v = ((__global const float4 *)x)[at];
    else
      v = vload4(at, x);
    sum = fma(v, v, sum);
  }
  vstore4(sum, get_global_id(0), y);
}
