# quern_warnings: the warnings every target of ours is clean of, and the sanitizers where asked.
add_library(quern_warnings INTERFACE)
target_compile_options(quern_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(QUERN_WERROR)
  target_compile_options(quern_warnings INTERFACE -Werror)
endif()
if(QUERN_SANITIZE)
  target_compile_options(quern_warnings INTERFACE -fsanitize=${QUERN_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(quern_warnings INTERFACE -fsanitize=${QUERN_SANITIZE})
endif()
