L0:
(W)     mov (8|M0)               r127.0<1>:ud  0x0:ud
(W)     and (1|M0)               r127.2<1>:ud  r0.0<0;1,0>:ud    0xFFFFFFC0:ud
(W)     and (1|M0)               r127.0<1>:uw  r0.4<0;1,0>:uw    0xFF:uw
(W)     add (1|M0)               r127.2<1>:ud  r127.2<0;1,0>:ud  0x40:uw              {I@2}
(W)     mad (1|M0)               r127.2<1>:ud  r127.2<0;0>:ud    r127.0<0;0>:uw    0xC0:uw              {I@1}
(W)     mov (8|M0)               r7.0<1>:ud    r1.0<1;1,0>:ud
(W)     send.dc0 (8|M0)          r1       r127    null:0  0x0            0x024844FD           {A@1,$0} // wr:1h+0, rd:4; oword aligned block read x8
(W)     add (1|M0)               r127.2<1>:ud  r127.2<0;1,0>:ud  0x80:uw              {$0.src}
(W)     send.dc0 (8|M0)          r5       r127    null:0  0x0            0x022843FD           {A@1,$1} // wr:1h+0, rd:2; oword aligned block read x4
        nop
        nop
        nop
(W)     mov (8|M0)               r127.0<1>:ud  0x0:ud                              {$1.src}
(W)     and (1|M0)               r127.2<1>:ud  r0.0<0;1,0>:ud    0xFFFFFFC0:ud
(W)     send.dc0 (8|M0)          r8       r127    null:0  0x0            0x022843FD           {A@1,$2} // wr:1h+0, rd:2; oword aligned block read x4
(W)     mov (8|M0)               r3.0<1>:ud    r0.0<1;1,0>:ud                   {$0.dst}
(W)     or (1|M0)                cr0.0<1>:ud   cr0.0<0;1,0>:ud   0x4C0:uw              {A@1}
        sync.nop                             null                             {Compacted,A@1}
        sync.nop                             null                             {Compacted,$2.dst}
(W)     cmp (16|M0)   (eq)f0.0   null<1>:d     r8.4<0;1,0>:d     0:w               {Compacted,A@1}
(W)     cmp (16|M16)  (eq)f0.0   null<1>:d     r8.4<0;1,0>:d     0:w
(W)     mul (1|M0)               acc0.0<1>:d   r9.0<0;1,0>:d     r3.2<0;1,0>:uw   {Compacted,I@4}
(W)     mach (1|M0)              r4.0<1>:d     r9.0<0;1,0>:d     r3.1<0;1,0>:d    {Compacted}
        sync.nop                             null                             {Compacted,$1.dst}
        add3 (16|M0)             r5.0<1>:d     r4.0<0;0>:d       r1.0<1;0>:uw      r7.0<0>:d        {I@1}
        add3 (16|M16)            r10.0<1>:d    r4.0<0;0>:d       r2.0<1;0>:uw      r7.0<0>:d
(~f0.0) goto (32|M0)                         L496                  L496
L384:
(W)     mov (4|M0)               r28.0<1>:ud   0x0:ud
        mov (16|M0)              r12.0<1>:ud   r28.0<0;1,0>:ud                  {I@1}
        mov (16|M0)              r14.0<1>:f    r28.1<0;1,0>:f                   {Compacted}
        mov (16|M0)              r16.0<1>:f    r28.2<0;1,0>:f                   {Compacted}
        mov (16|M0)              r18.0<1>:f    r28.3<0;1,0>:f                   {Compacted}
        mov (16|M16)             r20.0<1>:ud   r28.0<0;1,0>:ud
        mov (16|M16)             r22.0<1>:f    r28.1<0;1,0>:f                   {Compacted}
        mov (16|M16)             r24.0<1>:f    r28.2<0;1,0>:f                   {Compacted}
        mov (16|M16)             r26.0<1>:f    r28.3<0;1,0>:f                   {Compacted}
        goto (32|M0)                         L496                  L1544
L496:
        join (32|M0)                         L1544
L512:
(W)     cmp (16|M0)   (eq)f1.0   null<1>:d     r8.5<0;1,0>:d     0:w
(W)     cmp (16|M16)  (eq)f1.0   null<1>:d     r8.5<0;1,0>:d     0:w
        mov (16|M0)              r29.0<1>:d    r5.0<1;1,0>:d
        mov (16|M16)             r31.0<1>:d    r10.0<1;1,0>:d
        mov (16|M0)              r33.0<1>:ud   0x0:ud
        mov (16|M16)             r35.0<1>:f    0.0:f                               {Compacted}
        mov (16|M0)              r37.0<1>:f    0.0:f                               {Compacted}
        mov (16|M16)             r39.0<1>:f    0.0:f                               {Compacted}
        mov (16|M0)              r41.0<1>:f    0.0:f                               {Compacted}
        mov (16|M16)             r43.0<1>:f    0.0:f                               {Compacted}
        mov (16|M0)              r45.0<1>:f    0.0:f                               {Compacted}
        mov (16|M16)             r47.0<1>:f    0.0:f                               {Compacted}
(W)     mov (1|M0)               r4.1<1>:d     r8.0<0;1,0>:d
(W)     mov (1|M0)               r4.2<1>:d     r8.1<0;1,0>:d
(W)     mov (1|M0)               r4.3<1>:d     r8.0<0;1,0>:d
(W)     mov (1|M0)               r4.4<1>:d     r8.1<0;1,0>:d
(W)     mov (1|M0)               r4.5<1>:d     0:w
L728:
(f1.0)  goto (32|M0)                         L912                  L912
L744:
        shl (16|M0)              r49.0<1>:d    r29.0<1;1,0>:d    4:w               {Compacted,I@7}
        addc (8|M0)              r53.0<1>:ud   r4.1<0;1,0>:ud    r49.0<1;1,0>:ud  {AccWrEn,Compacted,I@1}
        shl (16|M16)             r51.0<1>:d    r31.0<1;1,0>:d    4:w               {Compacted}
        mov (8|M0)               r61.0<1>:ud   acc0.0<1;1,0>:ud                 {Compacted}
        addc (8|M8)              r54.0<1>:ud   r4.1<0;1,0>:ud    r50.0<1;1,0>:ud  {AccWrEn}
        add (8|M0)               r57.0<1>:ud   r61.0<1;1,0>:ud   r4.2<0;1,0>:ud   {Compacted,I@2}
        mov (8|M8)               r62.0<1>:ud   acc0.0<1;1,0>:ud                 {Compacted}
        addc (8|M16)             r55.0<1>:ud   r4.1<0;1,0>:ud    r51.0<1;1,0>:ud  {AccWrEn}
        add (8|M8)               r58.0<1>:ud   r62.0<1;1,0>:ud   r4.2<0;1,0>:ud   {Compacted,I@2}
        mov (8|M16)              r63.0<1>:ud   acc0.0<1;1,0>:ud                 {Compacted}
        addc (8|M24)             r56.0<1>:ud   r4.1<0;1,0>:ud    r52.0<1;1,0>:ud  {AccWrEn}
        add (8|M16)              r59.0<1>:ud   r63.0<1;1,0>:ud   r4.2<0;1,0>:ud   {Compacted,I@2}
        mov (8|M24)              acc0.0<1>:ud  acc0.0<1;1,0>:ud
        add (8|M24)              r60.0<1>:ud   acc0.0<1;1,0>:ud  r4.2<0;1,0>:ud
        goto (32|M0)                         L912                  L1080
L912:
        join (32|M0)                         L1080
L928:
        shl (16|M0)              r65.0<1>:d    r29.0<1;1,0>:d    4:w               {Compacted}
        addc (8|M0)              r53.0<1>:ud   r4.3<0;1,0>:ud    r65.0<1;1,0>:ud  {AccWrEn,Compacted,I@1}
        shl (16|M16)             r67.0<1>:d    r31.0<1;1,0>:d    4:w               {Compacted}
        mov (8|M0)               r69.0<1>:ud   acc0.0<1;1,0>:ud                 {Compacted}
        addc (8|M8)              r54.0<1>:ud   r4.3<0;1,0>:ud    r66.0<1;1,0>:ud  {AccWrEn}
        add (8|M0)               r57.0<1>:ud   r69.0<1;1,0>:ud   r4.4<0;1,0>:ud   {Compacted,I@2}
        mov (8|M8)               r70.0<1>:ud   acc0.0<1;1,0>:ud                 {Compacted}
        addc (8|M16)             r55.0<1>:ud   r4.3<0;1,0>:ud    r67.0<1;1,0>:ud  {AccWrEn}
        add (8|M8)               r58.0<1>:ud   r70.0<1;1,0>:ud   r4.4<0;1,0>:ud   {Compacted,I@2}
        mov (8|M16)              r71.0<1>:ud   acc0.0<1;1,0>:ud                 {Compacted}
        addc (8|M24)             r56.0<1>:ud   r4.3<0;1,0>:ud    r68.0<1;1,0>:ud  {AccWrEn}
        add (8|M16)              r59.0<1>:ud   r71.0<1;1,0>:ud   r4.4<0;1,0>:ud   {Compacted,I@2}
        mov (8|M24)              acc0.0<1>:ud  acc0.0<1;1,0>:ud
        add (8|M24)              r60.0<1>:ud   acc0.0<1;1,0>:ud  r4.4<0;1,0>:ud
L1080:
        join (32|M0)                         L1432
L1096:
        mov (8|M0)               r73.0<2>:d    r53.0<1;1,0>:d
        mov (8|M8)               r75.0<2>:d    r54.0<1;1,0>:d
        mov (8|M16)              r77.0<2>:d    r55.0<1;1,0>:d
        mov (8|M24)              r79.0<2>:d    r56.0<1;1,0>:d                   {I@7}
        mov (8|M0)               r73.1<2>:d    r57.0<1;1,0>:d
        mov (8|M8)               r75.1<2>:d    r58.0<1;1,0>:d
        mov (8|M16)              r77.1<2>:d    r59.0<1;1,0>:d                   {I@7}
        mov (8|M24)              r79.1<2>:d    r60.0<1;1,0>:d                   {I@7}
        send.dc1 (16|M0)         r81      r73     null:0  0x0            0x088419FF           {A@3,$3} // wr:4+0, rd:8; a64 dword gathering read
        send.dc1 (16|M16)        r89      r77     null:0  0x0            0x088419FF           {A@1,$4} // wr:4+0, rd:8; a64 dword gathering read
(W)     add (1|M0)               r4.5<1>:d     r4.5<0;1,0>:d     1:w
(W)     cmp (16|M0)   (lt)f0.0   null<1>:d     r4.5<0;1,0>:ud    r8.4<0;1,0>:ud   {I@1}
(W)     cmp (16|M16)  (lt)f0.0   null<1>:d     r4.5<0;1,0>:ud    r8.4<0;1,0>:ud
        sync.nop                             null                             {Compacted,$3.dst}
        mad (16|M0)              r45.0<1>:f    r45.0<1;0>:f      r81.0<1;0>:f      r81.0<1>:f       {Compacted,F@2}
        mad (16|M0)              r41.0<1>:f    r41.0<1;0>:f      r83.0<1;0>:f      r83.0<1>:f       {Compacted}
        mad (16|M0)              r37.0<1>:f    r37.0<1;0>:f      r85.0<1;0>:f      r85.0<1>:f       {Compacted}
        mad (16|M0)              r33.0<1>:f    r33.0<1;0>:f      r87.0<1;0>:f      r87.0<1>:f       {Compacted}
        sync.nop                             null                             {Compacted,$4.dst}
        mad (16|M16)             r47.0<1>:f    r47.0<1;0>:f      r89.0<1;0>:f      r89.0<1>:f       {Compacted,F@5}
        mad (16|M16)             r43.0<1>:f    r43.0<1;0>:f      r91.0<1;0>:f      r91.0<1>:f       {Compacted}
        mad (16|M16)             r39.0<1>:f    r39.0<1;0>:f      r93.0<1;0>:f      r93.0<1>:f       {Compacted}
        mad (16|M16)             r35.0<1>:f    r35.0<1;0>:f      r95.0<1;0>:f      r95.0<1>:f       {Compacted}
(~f0.0) goto (32|M0)                         L1432                  L1432
L1400:
        add (16|M0)              r29.0<1>:d    r29.0<1;1,0>:d    1000:w               {Compacted}
        add (16|M16)             r31.0<1>:d    r31.0<1;1,0>:d    1000:w               {Compacted}
(W)     jmpi                                 L728
L1432:
        join (32|M0)                         L1544
L1448:
        mov (16|M0)              r12.0<1>:ud   r45.0<1;1,0>:ud                  {F@7}
        mov (16|M16)             r20.0<1>:ud   r47.0<1;1,0>:ud                  {F@4}
        mov (16|M0)              r14.0<1>:ud   r41.0<1;1,0>:ud
        mov (16|M16)             r22.0<1>:ud   r43.0<1;1,0>:ud                  {F@3}
        mov (16|M0)              r16.0<1>:f    r37.0<1;1,0>:f                   {Compacted}
        mov (16|M16)             r24.0<1>:f    r39.0<1;1,0>:f                   {Compacted,F@3}
        mov (16|M0)              r18.0<1>:f    r33.0<1;1,0>:f                   {Compacted}
        mov (16|M16)             r26.0<1>:f    r35.0<1;1,0>:f                   {Compacted,F@4}
L1544:
        join (32|M0)                         L1560
L1560:
        shl (16|M0)              r97.0<1>:d    r5.0<1;1,0>:d     4:w               {Compacted}
        shl (16|M16)             r99.0<1>:d    r10.0<1;1,0>:d    4:w               {Compacted}
        send.dc1 (16|M0)         null     r97     r12:8   0x0            0x04025001           {A@2,$5} // wr:2+8, rd:0; untyped surface write with xyzw
        send.dc1 (16|M16)        null     r99     r20:8   0x0            0x04025001           {A@1,$6} // wr:2+8, rd:0; untyped surface write with xyzw
(W)     mov (8|M0)               r127.0<1>:f   r3.0<1;1,0>:f                    {Compacted}
(W)     send.ugm (1|M0)          r101     r3      null:0  0x0            0x0214031F           {$7} // wr:1+0, rd:1; fence.ugm.none.local
(W)     mov (8|M0)               null<1>:ud    r101.0<1;1,0>:ud                 {$7.dst}
(W)     send.gtwy (8|M0)         null     r127    null:0  0x0            0x02000010           {EOT,A@1} // wr:1+0, rd:0; end of thread
L1664:
        nop
