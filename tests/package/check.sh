#!/usr/bin/env bash
# usage: check.sh CASE, with SOURCE, WORK, CMAKE, GENERATOR, CC, CXX, NM, READELF, DL, PKG_CONFIG,
# AGREE, MPICC, MPIEXEC and OPTIMIZED in the environment, which CMakeLists.txt sets. The case
# `build` runs first and writes to $WORK
#   build/   quern, configured as by a packager: shared and static
#   moved/   its installation, moved to another place
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$WORK/build
moved=$WORK/moved
libdir=lib
# The MPI of the build under test, or none.
if [[ -n $MPIEXEC ]]; then
  mpi_options=(-DQUERN_MPI=ON ${MPICC:+"-DMPI_C_COMPILER=$MPICC"})
else
  mpi_options=(-DQUERN_MPI=OFF)
fi

fail() {
  printf 'check.sh: %s\n' "$*" >&2
  exit 1
}

# Empties $WORK/case.
fresh() {
  rm -rf "${WORK:?}/$1"
  mkdir -p "$WORK/$1"
}

# configure SOURCE BUILD OPTION…
configure() {
  "$CMAKE" -S "$1" -B "$2" -G "$GENERATOR" -DCMAKE_C_COMPILER="$CC" -DCMAKE_BUILD_TYPE= \
    -DCMAKE_C_FLAGS=-O0 "${@:3}"
}

# learned PROGRAM…: the program trains on the digits, and reports a high accuracy.
learned() {
  local said
  said=$("$@") || fail "$* failed"
  printf '%s: %s\n' "$*" "$said"
  [[ $said =~ ^accuracy\ (0\.9|1\.0) ]] || fail "$*: expected an accuracy of 0.9 or more"
}

case_build() {
  rm -rf "$build" "$moved" "$WORK/installed"
  configure "$SOURCE" "$build" -DBUILD_SHARED_LIBS=ON -DQUERN_BUILD_STATIC=ON \
    -DQUERN_BUILD_TESTS=OFF "${mpi_options[@]}" \
    -DCMAKE_INSTALL_PREFIX="$WORK/installed" -DCMAKE_INSTALL_LIBDIR="$libdir"
  "$CMAKE" --build "$build" --parallel 2
  "$CMAKE" --install "$build"
  mv "$WORK/installed" "$moved"
}

# Installed files contain no path of the build or the installation, and the command runs when moved.
case_paths() {
  if grep -rlF -e "$WORK" -e "$SOURCE" "$moved"; then
    fail 'the files above were installed with absolute paths in them'
  fi
  [[ $("$moved/bin/quern" --version) == "quern "* ]] ||
    fail 'the installed command does not run after a move'
  local soname
  soname=$(basename "$(readlink "$moved/$libdir/libquern.so")")
  [[ $soname == libquern.so.[0-9]* ]] ||
    fail "libquern.so is a link to \"$soname\", not to a SONAME"
}

# exports LIBRARY KEPT HEADER…: the library exports what those headers declare, and both are listed
# in tests/abi/KEPT.
exports() {
  local library=$moved/$libdir/$1 kept=$2
  "$NM" -D --defined-only "$library" | awk '{ print $NF }' | sort >exported
  if grep -v '^quern_[a-z]' exported; then
    fail "$1 exports the names above, which do not start with quern_"
  fi
  "$here/list_api" "$moved/include" "${@:3}" >declared.abi
  sed -n 's/.*QUERN_API [^(]*\(quern_[a-z0-9_]*\)(.*/\1/p' declared.abi | sort >declared
  diff -u declared exported ||
    fail "$1 does not export (-), or exports without a declaration (+), the names above"
  diff -u "$SOURCE/tests/abi/$kept" declared.abi ||
    fail "the public headers differ from tests/abi/$kept as shown above. Programs are compiled \
against these lines: what is removed or changed breaks them, and needs a new SONAME \
once there is a release. If the change is intended, run
  ${3:+CC=mpicc }tests/package/list_api include${3:+ $3} > tests/abi/$kept
and commit the file"
}

# For both libraries; and libquern does not need MPI.
case_exports() {
  fresh exports
  cd "$WORK/exports"
  exports libquern.so quern.abi
  if [[ -n $READELF ]] &&
    "$READELF" --wide --dynamic "$moved/$libdir/libquern.so" | grep -E '\(NEEDED\).*mpi'; then
    fail 'libquern.so needs MPI'
  fi
  [[ -z $MPIEXEC ]] || CC=${MPICC:-$CC} exports libquern-mpi.so quern-mpi.abi mpi.h
}

# Hardening of the command and the library: no unnecessarily writable memory, position-independent
# code, stack canaries; and checked string functions in the optimized command of the build under
# test.
case_hardening() {
  local file
  [[ -n $READELF ]] || exit 77
  fresh hardening
  cd "$WORK/hardening"
  for file in "$moved/bin/quern" "$moved/$libdir"/libquern*.so ${OPTIMIZED:+"$OPTIMIZED"}; do
    "$READELF" --wide --file-header --segments --dynamic "$file" >elf
    "$NM" -D --undefined-only "$file" >wanted
    grep -qE '^ *Type: +DYN' elf || fail "$file is not position-independent"
    grep -q GNU_RELRO elf || fail "$file keeps what the loader has written writable"
    grep -qE '\(FLAGS(_1)?\).*\b(BIND_)?NOW\b' elf ||
      fail "$file binds functions when they are first called, into writable memory"
    grep -E 'GNU_STACK' elf | grep -qvE ' RWE ' || fail "$file has an executable stack"
    ! grep -q TEXTREL elf || fail "$file has its code relocated, and so writable for a while"
    grep -q __stack_chk_fail wanted || fail "$file has no canaries on its stack"
  done
  [[ -n $OPTIMIZED ]] || return 0
  grep -qE '__[a-z]+_chk(@|$)' wanted || fail "$OPTIMIZED has no checked string functions"
}

# The library runs no code of its own when it is loaded, unloaded, or when the process exits;
# loading and unloading it a hundred times leaves nothing behind, with OpenCL and without.
case_load() {
  local library=$moved/$libdir/libquern.so
  fresh load
  cd "$WORK/load"
  if [[ -n $READELF ]]; then
    "$READELF" --wide --dynamic "$library" >dynamic
    if grep -E '\((INIT|FINI)_ARRAYSZ\)' dynamic | grep -vw 8; then
      fail 'libquern.so has a constructor or a destructor'
    fi
  fi
  "$NM" -D --undefined-only "$library" | awk '{ print $NF }' >wanted
  if grep -E '^(atexit|on_exit|__cxa_atexit|__cxa_thread_atexit.*)(@|$)' wanted; then
    fail 'libquern.so asks to be called at exit'
  fi
  # shellcheck disable=SC2086
  "$CC" -std=c11 -D_GNU_SOURCE -Wall -Wextra -I"$moved/include" "$here/load/main.c" -o load \
    ${DL:+-l$DL}
  ./load "$library" auto
  # Otherwise freed memory in a thread cache counts as used.
  GLIBC_TUNABLES=glibc.malloc.tcache_count=0 QUERN_OPENCL_LIBRARY=/none ./load "$library" reference
}

# In C, by pkg-config: first the shared library, then the static one.
case_pkg_config() {
  fresh pkg_config
  cd "$WORK/pkg_config"
  export PKG_CONFIG_PATH=$moved/$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
  cp "$SOURCE/examples/train_and_predict.c" digits.c
  # A packager's flags are words.
  # shellcheck disable=SC2046
  "$CC" -std=c11 -Wall -Wextra -Wpedantic -Werror digits.c -o shared \
    $("$PKG_CONFIG" --cflags --libs quern)
  # shellcheck disable=SC2046
  "$CC" -std=c11 digits.c -o static $("$PKG_CONFIG" --cflags quern) "$moved/$libdir/libquern.a" \
    $("$PKG_CONFIG" --static --libs quern | sed 's/-lquern//')
  LD_LIBRARY_PATH=$moved/$libdir learned ./shared
  learned ./static
  [[ $("$PKG_CONFIG" --libs quern) != *-lz* ]] ||
    fail 'quern.pc links what the shared library needs'
}

# In C++17, by find_package: the same two. Without the component mpi, no MPI is needed.
case_find_package() {
  fresh find_package
  configure "$here/find_package" "$WORK/find_package" -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_CXX_FLAGS=-O0 \
    -DCMAKE_PREFIX_PATH="$moved" -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
  "$CMAKE" --build "$WORK/find_package"
  learned "$WORK/find_package/shared"
  learned "$WORK/find_package/static"
}

# adds_up PROGRAM: its two ranks get the sums, and are one group.
adds_up() {
  local said
  # The launcher and its options are separate words.
  # shellcheck disable=SC2086
  said=$($MPIEXEC -n 2 "$1") || fail "$1 failed"
  printf '%s: %s\n' "$1" "$said"
  [[ $said == 'quern '*', 2 ranks: 3 6 9 12 15' ]] ||
    fail "$1: expected the sums 3 6 9 12 15 of 2 ranks"
}

# libquern-mpi: by find_package, and by pkg-config with MPI's compiler; both with the shared
# libraries, then with the static ones.
case_mpi() {
  fresh mpi
  cd "$WORK/mpi"
  configure "$here/mpi" found -DCMAKE_PREFIX_PATH="$moved" ${MPICC:+"-DMPI_C_COMPILER=$MPICC"}
  "$CMAKE" --build found
  adds_up found/shared
  adds_up found/static
  [[ -n $PKG_CONFIG ]] || return 0
  export PKG_CONFIG_PATH=$moved/$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
  export LD_LIBRARY_PATH=$moved/$libdir
  local libraries
  # A packager's flags are words.
  # shellcheck disable=SC2046
  "${MPICC:-$CC}" -std=c11 "$here/mpi/sum.c" -o shared $("$PKG_CONFIG" --cflags --libs quern-mpi)
  libraries=$("$PKG_CONFIG" --static --libs quern-mpi |
    sed -e "s|-lquern-mpi|$moved/$libdir/libquern-mpi.a|" -e "s|-lquern|$moved/$libdir/libquern.a|")
  # shellcheck disable=SC2046,SC2086
  "${MPICC:-$CC}" -std=c11 "$here/mpi/sum.c" -o static $("$PKG_CONFIG" --cflags quern-mpi) \
    $libraries
  adds_up ./shared
  LD_LIBRARY_PATH='' adds_up ./static
}

# The examples, copied out of this tree: each builds by find_package and runs.
case_examples() {
  fresh examples
  cd "$WORK/examples"
  local name
  for name in getting-started own-loop bring-your-own-loop share-a-context fann; do
    cp -r "$SOURCE/examples/$name" "$name"
    configure "$name" "$name/build" -DCMAKE_PREFIX_PATH="$moved"
    "$CMAKE" --build "$name/build"
  done
  "$AGREE" 1e-4 "$PWD/bring-your-own-loop/build/bring_your_own_loop_plain" \
    "$SOURCE/data/digits.csv" --numbers -- \
    "$PWD/bring-your-own-loop/build/bring_your_own_loop_quern" "$SOURCE/data/digits.csv" --numbers
  [[ $(getting-started/build/ring "$PWD/ring.safetensors") == 9*'% of 800 points right'* ]] ||
    fail 'ring learned nothing'
  [[ $(own-loop/build/own_optimizer) == 'accuracy 0.9'* ]] || fail 'own_optimizer learned nothing'
  # As in docs/getting-started-c.md, with quern's source; configured only.
  configure getting-started getting-started/fetched -DQUERN_SOURCE="$SOURCE"
  # Examples that were skipped for want of a library are reported above.
  [[ ! -x share-a-context/build/share_a_context ]] || share-a-context/build/share_a_context none
  [[ ! -x fann/build/fann_on_quern ]] || fann/build/fann_on_quern
}

# Inside another project: by add_subdirectory, built and installed with it as a static library
# without the command; and by FetchContent, configured only.
case_subdirectory() {
  fresh subdirectory
  cd "$WORK/subdirectory"
  configure "$here/subdirectory" fetched -DQUERN_SOURCE="$SOURCE" -DFETCH=ON
  configure "$here/subdirectory" built -DQUERN_SOURCE="$SOURCE" -DQUERN_INSTALL=ON \
    -DCMAKE_INSTALL_LIBDIR=lib/somewhere
  "$CMAKE" --build built --parallel 2
  learned built/digits
  DESTDIR=$PWD/stage "$CMAKE" --install built --prefix /usr
  [[ ! -e stage/usr/bin && ! -e stage/usr/share ]] ||
    fail 'the command was installed where it was not built'
  [[ ! -e stage/usr/include/quern/mpi.h ]] ||
    fail 'mpi.h was installed where libquern-mpi was not built'
  # A missing component is an error that names it.
  mkdir asks
  printf '%s\n' 'cmake_minimum_required(VERSION 3.21)' 'project(asks LANGUAGES NONE)' \
    'find_package(quern REQUIRED COMPONENTS mpi)' >asks/CMakeLists.txt
  ! "$CMAKE" -S asks -B asks/build -DCMAKE_PREFIX_PATH="$PWD/stage/usr" \
    -DCMAKE_LIBRARY_ARCHITECTURE=somewhere >said 2>&1 ||
    fail 'the component mpi was found where quern was built without MPI'
  [[ $(tr -s ' \n' ' ' <said) == *'quern was built without MPI (-DQUERN_MPI=ON builds it)'* ]] ||
    fail "$(<said)"
  [[ -n $PKG_CONFIG ]] || return 0
  # The static library only: its dependencies are public.
  export PKG_CONFIG_PATH=$PWD/stage/usr/lib/somewhere/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
  # shellcheck disable=SC2046
  "$CC" -std=c11 "$here/subdirectory/main.c" -o alone $("$PKG_CONFIG" --cflags --libs quern)
  ./alone
}

# DESTDIR prefixes every path, and uninstall removes all installed files and nothing else.
case_uninstall() {
  fresh uninstall
  export DESTDIR=$WORK/uninstall/stage
  "$CMAKE" --install "$build" --prefix /opt/grain
  [[ $(ls "$DESTDIR") == opt && $(ls "$DESTDIR/opt") == grain ]] ||
    fail 'DESTDIR or the prefix was not honored'
  [[ -x $DESTDIR/opt/grain/bin/quern ]] || fail 'the command was not installed'
  [[ ! -e $WORK/installed && ! -e /opt/grain ]] || fail 'something was installed beside DESTDIR'
  local kept=$DESTDIR/opt/grain/$libdir/libother.so left
  touch "$kept"
  "$CMAKE" --build "$build" --target uninstall
  left=$(find "$DESTDIR" ! -type d)
  [[ $left == "$kept" ]] || fail "uninstall should have left libother.so alone; it left: $left"
  left=$(find "$DESTDIR" -name quern)
  [[ -z $left ]] || fail "uninstall left $left"
}

# The Debian packages have this version and SONAME. If the tools are installed, they build, and
# their command runs.
case_debian() {
  local version soname tree=$WORK/debian/quern unpacked=$WORK/debian/unpacked package
  version=$(sed -n 's/^#define QUERN_VERSION *"\(.*\)"/\1/p' "$SOURCE/include/quern/version.h")
  soname=$(basename "$(readlink "$moved/$libdir/libquern.so")")
  [[ $(head -n 1 "$SOURCE/packaging/debian/changelog") == "quern ($version)"* ]] ||
    fail "packaging/debian/changelog does not start with version $version, which \
include/quern/version.h has"
  for package in libquern libquern-mpi; do
    grep -qx "Package: $package${soname##*.}" "$SOURCE/packaging/debian/control" ||
      fail "packaging/debian/control has no package $package${soname##*.}, for $soname"
  done
  command -v dh >/dev/null || { printf 'dh was not found: nothing is built\n'; exit 77; }
  dpkg-checkbuilddeps "$SOURCE/packaging/debian/control" ||
    { printf 'nothing is built\n'; exit 77; }

  fresh debian
  mkdir "$tree"
  tar -C "$SOURCE" --exclude='./build*' --exclude=./.git -cf - . | tar -C "$tree" -xf -
  cp -r "$tree/packaging/debian" "$tree/debian"
  (cd "$tree" && DEB_BUILD_OPTIONS='noopt nostrip parallel=2' dpkg-buildpackage \
    --unsigned-source --unsigned-changes \
    --build=binary)
  for package in libquern0 libquern-dev quern; do
    dpkg -x "$WORK/debian/${package}_$version"_*.deb "$unpacked"
  done
  [[ -z $(find "$unpacked" -name '*mpi*') ]] ||
    fail 'files of libquern-mpi are in other packages than its own'
  for package in libquern-mpi0 libquern-mpi-dev; do
    dpkg -x "$WORK/debian/${package}_$version"_*.deb "$unpacked"
  done
  diff -u <(cd "$tree/debian/tmp/usr" && find include lib ! -type d | sort) \
    <(cd "$unpacked/usr" && find include lib ! -type d | sort) ||
      fail 'the packages do not hold (-) the files above'
  LD_LIBRARY_PATH=$(dirname "$unpacked"/usr/lib/*/libquern.so) "$unpacked/usr/bin/quern" --version
}

# --- The command's manual page and completion come from its tables --------------------------------

same() {
  diff -u <(sort -u <<<"$2") <(sort -u <<<"$3") ||
    fail "$1: the help has the lines with -, $4 those with +"
}

help_commands() {
  "$moved/bin/quern" --help |
    awk '/^[A-Z]/ { on = $1 == "Commands:"; next } on && NF { print $1 }'
}
help_options() {
  "$moved/bin/quern" "$1" --help | grep -oE '^  --[a-z0-9-]+ ' | tr -d ' ' | sort -u
}

case_manual() {
  local command page=$SOURCE/docs/quern.1
  cmp "$page" "$moved/share/man/man1/quern.1"
  diff -u "$page" <("$SOURCE/scripts/manual" "$moved/bin/quern") ||
    fail 'docs/quern.1 is stale: run scripts/manual build/quern > docs/quern.1'
  for command in $(help_commands); do
    same "the options of $command" "$(help_options "$command")" \
      "$(awk -v name="$command" '$1 == ".Ss" || $1 == ".Sh" { on = $2 == name }
        on && $1 == ".It" && /Fl Fl/ { sub(/.*Fl Fl /, ""); print "--" $1 }' "$page"
        echo --help)" "$page"
  done
  if command -v mandoc >/dev/null; then
    # It searches the pages of SEE ALSO in an index that a machine may lack.
    local said
    said=$(mandoc -Tlint -W warning "$page" || true)
    [[ -z $said ]] || fail "mandoc: $said"
  elif command -v groff >/dev/null; then
    local said
    said=$(groff -ww -mandoc -Tutf8 "$page" 2>&1 >/dev/null)
    [[ -z $said ]] || fail "groff: $said"
  fi
}

# completes WORD…: the completions of the last word in bash.
completes() {
  COMP_WORDS=("$moved/bin/quern" "$@")
  COMP_CWORD=$#
  _quern "$moved/bin/quern" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  printf '%s\n' "${COMPREPLY[@]}"
}

case_completion() {
  local command
  # shellcheck source=packaging/completion/quern
  source "$moved/share/bash-completion/completions/quern"
  same 'the first word' "$(help_commands; printf -- '--help\n--version')" "$(completes '')" \
    'the completion for bash'
  for command in $(help_commands); do
    same "the options of $command" "$(help_options "$command")" "$(completes "$command" --)" \
      'the completion for bash'
  done
  same 'a beginning' '--loss' "$(completes train --los)" 'the completion for bash'
  same 'a choice' 'auto none one' "$(completes train --header '' | paste -sd ' ')" \
    'the completion for bash'
  same 'a choice' 'tanh' "$(completes train --activation t)" 'the completion for bash'
  same 'devices' 'reference' "$(completes train --device ref)" 'the completion for bash'
  same 'data' 'digits' "$(cd "$moved/share" && completes train --data dig)" \
    'the completion for bash'
  same 'files' 'man' "$(cd "$moved/share" && completes eval --model ma)" 'the completion for bash'
  same 'files' 'man' "$(cd "$moved/share" && completes inspect ma)" 'the completion for bash'
  same 'files' '' "$(cd "$moved/share" && completes train ma)" 'the completion for bash'
  ! command -v zsh >/dev/null || zsh -n "$moved/share/zsh/site-functions/_quern"
  ! command -v fish >/dev/null ||
    fish --no-execute "$moved/share/fish/vendor_completions.d/quern.fish"
}

mkdir -p "$WORK"
"case_${1:?a case is missing}"
