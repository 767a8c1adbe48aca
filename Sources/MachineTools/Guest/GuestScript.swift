internal import ImageModel

/// The text that a guest's first process reads: it gets the system ready, runs the step, and shuts down in order.
///
/// The kernel starts `/bin/sh` in place of an init, with a disk as its script: so nothing must be put into the guest, and none
/// of its services run beside the step. Lines that begin with the sign tell the host how far it is.
struct GuestScript {
  /// What no step prints: a random word.
  let sign: String
  let job: GuestJob

  static let scriptDisk = "coppice-script"
  static let payloadDisk = "coppice-payload"
  static let rootDisk = "coppice-disk"

  var text: String {
    """
    # The first process of a guest that coppice runs a step in.
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
    umask 022
    cd /
    say() { printf '\\n%s %s\\n' '\(sign)' "$*"; }
    [ -e /proc/self ] || mount -t proc proc /proc
    [ -e /sys/kernel ] || mount -t sysfs sysfs /sys
    [ -c /dev/null ] || mount -t devtmpfs dev /dev
    mkdir -p /dev/pts /dev/shm
    [ -e /dev/pts/ptmx ] || mount -t devpts devpts /dev/pts
    grep -q ' /run tmpfs ' /proc/mounts || mount -t tmpfs -o mode=755 tmpfs /run
    grep -q ' /dev/shm ' /proc/mounts || mount -t tmpfs tmpfs /dev/shm
    [ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
    mkdir -p /run/coppice /run/lock
    mount -o remount,rw /
    say booted
    boot() { ls -lnR --full-time /boot /vmlinuz /initrd.img 2>/dev/null | cksum; }
    boot > /run/coppice/boot
    \(policy)
    \(network)\(growth)
    cat > /run/coppice/finish <<'\(sign)'
    \(finish)
    \(sign)
    cat > /run/coppice/step <<'\(sign)'
    \(job.script)
    \(sign)
    \(variables)
    say step
    /bin/sh /run/coppice/step < /dev/null
    status=$?
    kill -9 -1
    # Anew: a step may have replaced the programs and libraries that this process has open.
    exec /bin/sh /run/coppice/finish $status

    """
  }

  /// Packages must not start services in a system that does not run.
  private var policy: String {
    """
    if [ ! -e /usr/sbin/policy-rc.d ]; then
      printf '#!/bin/sh\\n# \(sign)\\nexit 101\\n' > /usr/sbin/policy-rc.d
      chmod 755 /usr/sbin/policy-rc.d
    fi
    """
  }

  /// qemu's own network: it gives the guest this address, and answers for names at that one.
  private var network: String {
    guard job.usesNetwork else { return "ip link set lo up 2>/dev/null" }
    return """
      modprobe virtio_net 2>/dev/null
      ip link set lo up || say fault 'the guest has no program `ip`, which the network needs'
      for card in /sys/class/net/*; do
        card=${card##*/}
        [ "$card" = lo ] && continue
        ip link set "$card" up && ip addr add 10.0.2.15/24 dev "$card" && ip route add default via 10.0.2.2
      done
      echo 'nameserver 10.0.2.3' > /run/coppice/resolv.conf
      if [ -L /etc/resolv.conf ]; then resolv=$(readlink -m /etc/resolv.conf); else resolv=/etc/resolv.conf; fi
      if [ ! -e "$resolv" ]; then
        mkdir -p "${resolv%/*}"
        : > "$resolv"
        echo "$resolv" > /run/coppice/resolv.new
      fi
      mount --bind /run/coppice/resolv.conf "$resolv"
      echo "$resolv" > /run/coppice/resolv.bound
      """
  }

  private var growth: String {
    guard job.grows else { return "" }
    return """

      root=$(readlink -f /dev/disk/by-uuid/\(job.boot.root))
      resize2fs "$root" || say fault 'the file system of the guest could not grow'
      """
  }

  private var variables: String {
    var lines = job.environment.sorted { $0.key < $1.key }.map { "export \($0.key)=\(Shell.quoted($0.value))" }
    if job.payload != nil { lines.append("export PAYLOAD=/dev/disk/by-id/virtio-\(Self.payloadDisk)") }
    return lines.joined(separator: "\n")
  }

  private var finish: String {
    """
    status=$1
    say() { printf '\\n%s %s\\n' '\(sign)' "$*"; }
    say ending
    [ -e /run/coppice/resolv.bound ] && umount "$(cat /run/coppice/resolv.bound)"
    [ -e /run/coppice/resolv.new ] && rm -f "$(cat /run/coppice/resolv.new)"
    grep -q '\(sign)' /usr/sbin/policy-rc.d 2>/dev/null && rm -f /usr/sbin/policy-rc.d
    boot() { ls -lnR --full-time /boot /vmlinuz /initrd.img 2>/dev/null | cksum; }
    [ "$(boot)" = "$(cat /run/coppice/boot)" ] || say boot
    sync
    fstrim / 2>/dev/null
    free=$(df -Pk / | tail -n 1)
    set -- $free
    say free "$4"
    if mount -o remount,ro /; then say exit "$status"; else say fault 'the guest could not write out its disk'; fi
    echo o > /proc/sysrq-trigger
    while :; do :; done
    """
  }
}
