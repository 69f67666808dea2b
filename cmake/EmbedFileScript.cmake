# Run by quern_embed_files: writes INPUT's bytes as the array SYMBOL to the C source OUTPUT.
file(READ "${INPUT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REPEAT "0x..," 16 line)
string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
file(WRITE "${OUTPUT}"
     "#include \"${GROUP}_embedded.h\"\nconst unsigned char ${SYMBOL}[] = {${bytes}0x00};\n"
     "const size_t ${SYMBOL}_size = sizeof ${SYMBOL} - 1;\n")
