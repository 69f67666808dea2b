# quern_warnings: the warnings every target of ours is clean of, and the sanitizers where asked.
add_library(quern_warnings INTERFACE)
target_compile_options(quern_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
target_compile_definitions(quern_warnings INTERFACE QUERN_CHECK_STATUS)
if(QUERN_WERROR)
  target_compile_options(quern_warnings INTERFACE -Werror)
endif()
if(QUERN_SANITIZE)
  set(sanitizers "${QUERN_SANITIZE}")
  if(sanitizers MATCHES "undefined")
    # "undefined" leaves these two out. A count made of a double that does not fit, NaN among them,
    # can be any number.
    string(APPEND sanitizers ",float-cast-overflow,float-divide-by-zero")
  endif()
  target_compile_options(quern_warnings INTERFACE -fsanitize=${sanitizers} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(quern_warnings INTERFACE -fsanitize=${sanitizers})
endif()
# The address sanitizer looks for __cxa_throw when a program starts and ends the program at the
# first exception where it found none: Mesa's Clover throws one as the OpenCL loader opens it. So
# what throws it is there from the start. By its file, as g++ is not needed to build quern.
if(QUERN_SANITIZE MATCHES "address")
  find_library(QUERN_STDCXX NAMES libstdc++.so.6 stdc++)
  mark_as_advanced(QUERN_STDCXX)
  if(QUERN_STDCXX)
    target_link_options(quern_warnings INTERFACE
                        "SHELL:-Wl,--push-state,--no-as-needed ${QUERN_STDCXX} -Wl,--pop-state")
  endif()
endif()
