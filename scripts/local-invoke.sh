#!/bin/sh
# sam local invoke with whatever container engine there is. usage: scripts/local-invoke.sh FUNCTION EVENT.json
# An engine that answers is taken as it is, with AWS's own image. Else podman runs a look-alike of the Lambda image, made of
# this machine's Python and AWS's own runtime interface client; podman and runc are installed where that is allowed.
set -eu
cd "$(dirname "$0")/.."
name=${1:?usage: make local-invoke FN=Data/JudgeDatasetFunction EVENT=events/functions/data/judge_dataset.json}
event=${2:?usage: make local-invoke FN=JudgeDatasetFunction EVENT=events/functions/data/judge_dataset.json}
function=$(.venv/bin/python -m scripts.templates "$name")
PATH="$PWD/.noria/uv/bin:$PATH:/usr/sbin:/sbin"
export PATH SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}"
sam="$PWD/.noria/envs/sam/bin/sam"
build=.noria/build
image=public.ecr.aws/lambda/python:3.13-x86_64
folder="$PWD/.noria/podman"

# sam asks STS who calls before anything else; the local AWS answers at once where it is up.
if [ -f .noria/local.env ]; then
    set -a
    . .noria/local.env
    set +a
else
    export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
fi
$sam build --build-dir $build --cache-dir .noria/build-cache --cached --parallel >/dev/null 2>&1 || $sam build --build-dir $build
template=$(.venv/bin/python -m scripts.local_template $build "$function")
if docker info >/dev/null 2>&1; then
    exec $sam local invoke "${function##*/}" --template-file "$template" --event "$event"
fi

install_podman() {
    command -v podman >/dev/null 2>&1 && command -v runc >/dev/null 2>&1 && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && apt-get update -qq &&
        apt-get install -y -qq --no-install-recommends podman runc busybox-static >/dev/null && return
    echo "local-invoke: no container engine is running, and podman cannot be installed without root; start Docker, or use: make remote-invoke" >&2
    exit 1
}

# A Python tree at /var/lang with the libraries it links, the runtime interface client in /var/runtime, a shell of busybox.
make_image() {
    root="$folder/image"
    rm -rf "$root"
    mkdir -p "$root/bin" "$root/tmp" "$root/var/lang" "$root/var/runtime" "$root/var/task" "$root/opt" "$root/etc"
    base=$(python3.13 -c 'import sys; print(sys.base_prefix)')
    cp -a "$base/bin" "$base/lib" "$root/var/lang/"
    rm -rf "$root/var/lang/lib/python3.13/test" "$root/var/lang/lib/python3.13/site-packages"
    for file in "$root/var/lang/bin/python3.13" "$root"/var/lang/lib/python3.13/lib-dynload/*.so; do ldd "$file" 2>/dev/null; done |
        grep -o '/[^ ]*' | grep -v "^$root\|^$base" | sort -u | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library" 2>/dev/null || true
    done
    # What wheels of compiled packages link besides.
    for library in $(/sbin/ldconfig -p | grep -oE '/[^ ]*/(libgcc_s|libstdc\+\+|librt|libdl|libpthread|libutil|libresolv)\.so\.[0-9]+$'); do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
    python3.13 -m pip install --quiet --disable-pip-version-check --target "$root/var/runtime" awslambdaric boto3
    cat >"$root/var/runtime/bootstrap" <<'BOOTSTRAP'
#!/bin/sh
export PYTHONPATH=/opt/python:/var/runtime LD_LIBRARY_PATH=/var/lang/lib
exec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER"
BOOTSTRAP
    chmod +x "$root/var/runtime/bootstrap"
    cp /bin/busybox "$root/bin/busybox"
    for name in sh mv cp chmod rm mkdir ls cat; do ln -sf busybox "$root/bin/$name"; done
    tar -C "$root" -c . | podman import --change 'ENV PATH=/var/lang/bin:/bin' --change 'ENV LAMBDA_TASK_ROOT=/var/task' --change 'WORKDIR /var/task' - "$image" >/dev/null
    rm -rf "$root"
}

install_podman
mkdir -p "$folder"
files=$(ulimit -Hn)
[ "$files" = unlimited ] && files=65536
cat >"$folder/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
CONF
export CONTAINERS_CONF="$folder/containers.conf" DOCKER_HOST="unix://$folder/podman.sock"
podman image exists "$image" || make_image
podman system service --time 0 "$DOCKER_HOST" >"$folder/podman.log" 2>&1 &
service=$!
trap 'kill $service 2>/dev/null || true' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -S "$folder/podman.sock" ] && break || sleep 0.3; done
$sam local invoke "${function##*/}" --template-file "$template" --event "$event" --skip-pull-image
