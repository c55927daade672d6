#!/usr/bin/env bash
# Installs what a bare Debian 12 lacks to build, test and run Clary. Does nothing when all is there.
# Needs root, or sudo without a prompt.
#   install_dependencies.sh [PACKAGE...]     further ones, such as python3-torch, openssh-server and
#                                            openjdk-17-jre-headless for their tests
set -euo pipefail

packages=(
  # build
  clang-19 lld-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev llvm-19 cmake ninja-build ccache
  git make python3 python3-venv python3-pip ca-certificates
  # libraries
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libssl-dev libsqlite3-dev
  libpcre2-dev libpugixml-dev libspdlog-dev libfmt-dev libcli11-dev libtomlplusplus-dev
  zlib1g-dev libdeflate-dev libargon2-dev libseccomp-dev libeigen3-dev libgtest-dev libgmock-dev
  # run time
  bubblewrap e2fsprogs curl slirp4netns
  # tests of scripts that MPI starts
  openmpi-bin
  # tests of the Slurm backend
  slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge
  # tests of the console, in a browser
  chromium fonts-liberation
  # containers
  podman runc netavark aardvark-dns iptables skopeo
  # what the container of a test serves with
  nginx-light
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || echo none)
  [[ $state == "install ok installed" ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

as_root=()
if [[ $(id -u) != 0 ]]; then
  command -v sudo >/dev/null || { echo "run as root, or install: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq >&2
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
