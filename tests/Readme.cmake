# cmake -DREADME=<page> -DFILE=<C file> -P Readme.cmake: fails unless the page holds the file word for word.
file(READ "${README}" readme)
file(READ "${FILE}" example)
string(FIND "${readme}" "```c\n${example}```" at)
if(at EQUAL -1)
  message(FATAL_ERROR "${README} does not hold ${FILE} as it is: copy it there")
endif()
