import Glibc
import HostSystem
import ImageModel
import TestSupport

/// Others that read images: the kernel, and the tools that everybody has.
enum Peers {
  static let isRoot = getuid() == 0

  static func has(_ programs: String...) -> Bool {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return programs.allSatisfy { program in
      path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }
  }

  /// Runs `prepare` (a shell command) for each image, with its path as `$1` and a directory as `$2`.
  /// - Returns: what then lies in the directory, as `ModelTree.lines` says it.
  static func lines(of images: [[UInt8]], _ prepare: String) async throws -> [[String]] {
    let directory = try TemporaryDirectory()
    for (index, image) in images.enumerated() {
      try directory.fileSystem.replace(directory / FilePath("\(index).sqfs"), with: image, mode: 0o644)
    }
    try directory.write("look.py", look)
    // A name space of our own: whatever is mounted there goes with the process.
    let result = try await PosixProcessRunner().capture(
      ProcessCommand(
        ["unshare", "-m", "python3", "look.py", "\(images.count)", prepare], directory: directory.path), limit: 1 << 28)
    guard result.status.isSuccess else {
      throw Failure(String(decoding: result.errorOutput, as: UTF8.self))
    }
    let text = String(decoding: result.output, as: UTF8.self)
    return text.split(separator: "#\n", omittingEmptySubsequences: false).dropLast()
      .map { $0.split(separator: "\n").map(String.init).sorted() }
  }

  private static let look = """
    import hashlib, os, stat, subprocess, sys

    def look(root):
        paths = [b""]
        for path in paths:
            full = root + b"/" + path if path else root
            if stat.S_ISDIR(os.lstat(full).st_mode):
                paths += [path + b"/" + name if path else name for name in os.listdir(full)]
        first = {}
        for path in sorted(paths):
            status = os.lstat(root + b"/" + path)
            first.setdefault(status.st_ino, path)
        for path in paths:
            full = root + b"/" + path if path else root
            status = os.lstat(full)
            kind, mode = stat.S_IFMT(status.st_mode), "%o" % stat.S_IMODE(status.st_mode)
            name = first[status.st_ino].hex()
            if kind == stat.S_IFDIR:
                what, name = "d", ""
            elif kind == stat.S_IFREG:
                with open(full, "rb") as file:
                    what = "f %d %s" % (status.st_size, hashlib.sha256(file.read()).hexdigest())
            elif kind == stat.S_IFLNK:
                what, mode = "l " + os.readlink(full).hex(), "-"
            elif kind in (stat.S_IFBLK, stat.S_IFCHR):
                letter = "b" if kind == stat.S_IFBLK else "c"
                what = "%s %d %d" % (letter, os.major(status.st_rdev), os.minor(status.st_rdev))
            else:
                what = "p" if kind == stat.S_IFIFO else "s"
            try:
                keys = os.listxattr(full, follow_symlinks=False)
            except OSError:  # The kernel's word for an image without any.
                keys = []
            attributes = sorted(
                os.fsencode(key).hex() + "=" + os.getxattr(full, key, follow_symlinks=False).hex() for key in keys)
            print("/%s %s %d %d %d %d %s [%s] %s" % (
                path.hex(), mode, status.st_uid, status.st_gid, int(status.st_mtime), status.st_nlink, name,
                ",".join(attributes), what))

    for number in range(int(sys.argv[1])):
        root = "%d.tree" % number
        done = subprocess.run(
            ["sh", "-ec", sys.argv[2], "sh", "%d.sqfs" % number, root], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.exit("image %d: %s" % (number, done.stdout[-2000:].decode(errors="replace")))
        look(os.fsencode(root))
        subprocess.run(["umount", root], stderr=subprocess.DEVNULL)
        print("#")
    """
}
