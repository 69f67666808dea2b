# Shared by the scripts: the needed packages, their installation, and the display of phases.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the scripts use these variables

export LC_ALL=C
script=${0##*/}
log=build/$script.log

fail() {
  printf '%s: %s\n' "$script" "$*" >&2
  exit 1
}

# try_phase WHAT COMMAND…: prints one line with the command's time. Its output is in the log.
try_phase() {
  local start=$SECONDS what=$1
  shift
  printf '%-40s' "$what"
  if "$@" >>"$log" 2>&1; then
    printf '%4d s\n' $((SECONDS - start))
  else
    printf '  failed\n'
    return 1
  fi
}

# The same for a required command: if it fails, prints the end of its output and stops the script.
phase() {
  local before
  before=$(wc -l <"$log")
  try_phase "$@" && return
  tail -n "+$((before + 1))" "$log" | tail -n 80 >&2
  fail "$1: failed; the whole log is in $log"
}

# --- Needs ----------------------------------------------------------------------------------------
#
# One row per need: Debian's package | required or optional | a probe for it | a description. Only
# the probe decides; the package is the way to install it.

quickstart_needs=(
  'gcc|required|has_command cc gcc clang|a C compiler'
  'libc6-dev|required|has_header stdio.h|the C library'"'"'s headers'
  'cmake|required|has_cmake|CMake 3.21 or newer'
  'make|required|has_command make ninja|make or ninja'
  'zlib1g-dev|required|has_header zlib.h|zlib with its headers'
  'libcjson-dev|required|has_header cjson/cJSON.h|cJSON with its headers'
  'opencl-headers|required|has_header CL/cl.h|the OpenCL headers'
  'ocl-icd-libopencl1|required|has_library libOpenCL.so.1|an OpenCL loader'
  'pocl-opencl-icd|required|has_driver|an OpenCL driver, such as PoCL'
  'dataset-fashion-mnist|optional|has_fashion_mnist|Fashion-MNIST'
)

docs_needs=(
  'doxygen|required|has_command doxygen|Doxygen'
)

# Of scripts/gpu-compile. Those for NVIDIA and Intel are larger: see its --install.
amd_compiler_needs=(
  'clang-19|optional|has_command clang-19|clang 19, which compiles the kernels for AMD'"'"'s GPUs'
  'rocm-device-libs|optional|has_match /usr/lib/*/amdgcn/bitcode/ocml.bc|device libraries of ROCm'
)

check_needs=(
  "${quickstart_needs[@]}"
  'g++|required|has_command c++ g++ clang++|a C++ compiler, for the headers'"'"' test'
  'libcmocka-dev|required|has_header cmocka.h|cmocka with its headers'
  'libprotobuf-c-dev|optional|has_header protobuf-c/protobuf-c.h|protobuf-c, for ONNX files'
  'protobuf-c-compiler|optional|has_command protoc-c|the compiler of protobuf-c'
  'libcairo2-dev|optional|has_header cairo/cairo.h|cairo with its headers, for pictures as PNG'
  'libopenmpi-dev|optional|has_mpi|MPI with its headers, to train with several processes'
  'openmpi-bin|optional|has_command mpirun mpiexec|mpirun, which starts them'
  'mesa-opencl-icd|optional|has_icd rusticl mesa|Mesa'"'"'s rusticl, a second OpenCL implementation'
  'oclgrind|optional|has_command oclgrind|Oclgrind, which checks running kernels'
  'pkg-config|optional|has_command pkg-config pkgconf|pkg-config, to test quern.pc'
  'libfann-dev|optional|has_header fann.h|FANN, for examples/fann'
  'debhelper|optional|has_command dh|debhelper, to test the Debian packages'
  'mandoc|optional|has_command mandoc|mandoc, which checks the manual page'
  'zsh|optional|has_command zsh|zsh, to test its completion'
  'clang|optional|has_command clang|clang, whose libFuzzer fuzzes the readers of files'
  'python3-numpy|optional|has_numpy|Python with NumPy, for the package in python/'
  'python3-sklearn|optional|has_module sklearn|scikit-learn, whose own checks quern.sklearn passes'
  'python3-pandas|optional|has_module pandas|pandas, whose tables Network.fit takes'
  'python3-pip|optional|has_pip|pip, to build that package'
  'valgrind|optional|has_command valgrind|valgrind, which checks a short training'
  "${amd_compiler_needs[@]}"
  'clang-format-14|optional|clang_format|clang-format 14'
  'doxygen|optional|has_command doxygen|Doxygen, which makes the pages of the API'
  'shellcheck|optional|has_command shellcheck|shellcheck, which checks these scripts'
)

has_command() {
  local name
  for name in "$@"; do command -v "$name" >/dev/null && return; done
  return 1
}

has_file() {
  [[ -e $1 ]]
}

has_fashion_mnist() {
  has_file /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
}

# A path that matches the pattern.
has_match() {
  compgen -G "$1"
}

has_header() {
  local compiler
  compiler=$(command -v cc || command -v gcc || command -v clang) || {
    has_file "/usr/include/$1"
    return
  }
  printf '#include <%s>\n' "$1" | "$compiler" -E -x c - >/dev/null 2>&1
}

has_library() {
  [[ $(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) == *"$1"* ]]
}

has_mpi() {
  has_command mpicc || has_header mpi.h
}

has_cmake() {
  has_command cmake || return
  local version
  version=$(cmake --version | sed -n 's/^cmake version //p')
  [[ $(printf '3.21\n%s\n' "$version" | sort -V | head -n 1) == 3.21 ]]
}

# An OpenCL driver whose .icd file has one of these words in its name.
has_icd() {
  local word
  for word in "$@"; do
    compgen -G "${OCL_ICD_VENDORS:-/etc/OpenCL/vendors}/*$word*.icd" >/dev/null && return
  done
  return 1
}

# PoCL if it can be installed, because it runs on every machine and a GPU is preferred to it; else
# any driver.
has_driver() {
  if can_install; then has_icd pocl; else has_icd ''; fi
}

# The Python for the tests of python/: the first on the PATH, or the system's, that has NumPy. CMake
# searches in the same order.
python_with_numpy() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import numpy' 2>/dev/null; then
      printf '%s\n' "$python"
      return
    fi
  done
  return 1
}

has_numpy() {
  python_with_numpy
}

# A module of the Python with which python/ is tested.
has_module() {
  "$(python_with_numpy || printf 'python3')" -c "import $1"
}

has_pip() {
  "$(python_with_numpy || printf 'python3')" -c \
    'import importlib.util, sys
sys.exit(not all(map(importlib.util.find_spec, ["pip", "setuptools", "wheel"])))'
}

# Prints the clang-format of the release for .clang-format; others format differently.
clang_format() {
  local name
  for name in clang-format-14 clang-format; do
    if has_command "$name" && [[ $("$name" --version) == *" version 14."* ]]; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

# The release of ruff for ruff.toml. Debian has no package of it.
ruff_release=0.17

# Prints it: from the PATH, or as install_ruff left it.
ruff() {
  local name
  for name in ruff build/ruff/bin/ruff; do
    if [[ -n $(type -P "$name") &&
      $("$(type -P "$name")" --version) == "ruff $ruff_release."* ]]; then
      type -P "$name"
      return
    fi
  done
  return 1
}

# Installs it with pip into build/ruff, unless it is there.
install_ruff() {
  ruff >/dev/null && return
  has_pip && try_phase 'installing ruff' "$(python_with_numpy || printf 'python3')" -m pip install \
    --quiet --target build/ruff "ruff~=$ruff_release.0" && ruff >/dev/null
}

# --- Installation ---------------------------------------------------------------------------------

# sudo is used if it needs no password, or if a terminal can ask for it.
can_install() {
  has_command apt-get || return
  [[ $EUID == 0 ]] || { has_command sudo && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; }
}

apt() {
  local as_root=()
  [[ $EUID == 0 ]] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=120 "$@"
}

is_offered() {
  [[ $(apt-cache policy "$1") =~ Candidate:\ [^\(] ]]
}

# find_missing KIND NEED…: sets `missing` to the rows of this kind whose probe fails.
find_missing() {
  local kind=$1 row row_kind probe
  shift
  missing=()
  for row in "$@"; do
    IFS='|' read -r _ row_kind probe _ <<<"$row"
    # A probe is a function and its words.
    # shellcheck disable=SC2086
    [[ $row_kind != "$kind" ]] || $probe >/dev/null || missing+=("$row")
  done
}

# Prints the package and the description of each row.
print_needs() {
  local row
  for row in "$@"; do printf '  %-24s%s\n' "${row%%|*}" "${row##*|}"; done
}

# Installs missing needs with apt. If a required one is not available, stops the script with a list;
# if an optional one is not, prints it.
install_missing() {
  local missing required optional row packages=() unoffered=()
  find_missing required "$@"
  required=("${missing[@]}")
  find_missing optional "$@"
  optional=("${missing[@]}")
  (( ${#required[@]} + ${#optional[@]} )) || return 0

  if can_install; then
    try_phase 'package lists' apt -q update || printf 'using the present package lists\n'
    for row in "${required[@]}"; do
      if is_offered "${row%%|*}"; then packages+=("${row%%|*}"); else unoffered+=("$row"); fi
    done
    if (( ${#unoffered[@]} )); then
      printf 'This release has no package for:\n' >&2
      print_needs "${unoffered[@]}" >&2
      fail 'install these by hand, then run this script again'
    fi
    if (( ${#packages[@]} )); then
      printf 'installing: %s\n' "${packages[*]}"
      phase 'installing' apt -q install --no-install-recommends "${packages[@]}"
    fi

    for row in "${optional[@]}"; do
      if ! is_offered "${row%%|*}"; then
        printf 'this release has no package %s; continuing without it\n' "${row%%|*}"
      elif ! try_phase "installing ${row%%|*}" \
        apt -q install --no-install-recommends "${row%%|*}"; then
        printf '%s could not be installed (see %s); continuing without it\n' "${row%%|*}" "$log"
      fi
    done
    find_missing required "$@"
    required=("${missing[@]}")
  fi

  if (( ${#required[@]} )); then
    printf 'Missing (Debian'"'"'s package, and a description):\n' >&2
    print_needs "${required[@]}" >&2
    can_install && fail 'still missing; install these by hand, then run this script again'
    printf 'On Debian and Ubuntu: apt-get install %s\n' "${required[*]%%|*}" >&2
    fail 'cannot install without apt and root or sudo; install these, then run this script again'
  fi
  can_install || for row in "${optional[@]}"; do
    printf 'continuing without %s (%s)\n' "${row%%|*}" "${row##*|}"
  done
}

# --- Building -------------------------------------------------------------------------------------

# configure FOLDER OPTION…
configure() {
  local folder=$1 generator=()
  shift
  # A folder configured before keeps its generator.
  [[ -e $folder/CMakeCache.txt ]] || has_command make || generator=(-G Ninja)
  cmake -S . -B "$folder" "${generator[@]}" "$@"
}

# The pages of the API, in build/docs. Fails on a declaration without a comment and on what Doxygen
# warns of, such as a name that is not declared.
build_docs() {
  awk '/^QUERN_API/ && last == "" {
         print FILENAME ":" FNR ": a declaration without a comment"
         bad = 1
       }
       { last = $0 }
       END { exit bad }' include/quern/*.h || return
  rm -rf build/docs
  QUERN_VERSION=$(sed -n 's/^#define QUERN_VERSION  *"\(.*\)"$/\1/p' include/quern/version.h) \
    doxygen docs/api/Doxyfile
}

jobs=$(getconf _NPROCESSORS_ONLN)
