# cmake -DROOT=<repository> -P Readme.cmake: fails unless README.md holds examples/train_and_predict.c word for word.
file(READ "${ROOT}/README.md" readme)
file(READ "${ROOT}/examples/train_and_predict.c" example)
string(FIND "${readme}" "```c\n${example}```" at)
if(at EQUAL -1)
  message(FATAL_ERROR "README.md does not hold examples/train_and_predict.c as it is: copy it there")
endif()
