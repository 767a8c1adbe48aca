import HostSystem
import ImageModel
import TestSupport
import Testing

/// The SIF of an image with everything that layers may hold, as others read it, and made under other circumstances.
@Suite(
  .serialized,
  .enabled(
    if: Laboratory.isRoot && Laboratory.hasBusybox && Laboratory.has("python3") && Laboratory.has("unsquashfs"),
    "make test prepares the peers; owners and devices need root"))
struct NastySIFTests {
  private let directory: TemporaryDirectory

  init() async throws {
    directory = try TemporaryDirectory()
    try await Laboratory.nastyImage(directory / "image")
  }

  /// - Parameter before: what starts the program.
  private func build(
    _ name: FilePath, _ options: [String] = [], before: [String] = [], environment: [String: String] = [:]
  ) async throws -> FilePath {
    let program = (Laboratory.binaries / "coppice").description
    let path = directory / name
    try await Laboratory.succeed(
      before + [program, "sif", "build"] + options + [path.description, "oci:image"], in: directory.path,
      environment: ["PATH": Laboratory.environment["PATH"] ?? ""].merging(environment) { $1 })
    return path
  }

  @Test(arguments: ["gzip", "zstd"]) func kernelAndUnsquashfsReadTheSame(compression: String) async throws {
    let sif = try await build("made.sif", ["--compression=\(compression)"])
    let unpacked = try await ListedRoot(sif, by: .unsquashfs)
    #expect(unpacked.files.count > 800)
    #expect(unpacked.files["bin/busybox"]?.mode == "755")
    if try await ListedRoot.canMount {
      let mounted = try await ListedRoot(sif, by: .kernel)
      #expect(mounted.differences(from: unpacked) == [:])
    }
    // And so do we: squashfs has no access control lists, and nothing else differs from the layers.
    let difference = try await Laboratory.succeed(
      [(Laboratory.binaries / "coppice").description, "sif", "diff", "made.sif", "oci:image"], in: directory.path)
    let changes = difference.split(separator: "\n").dropLast(2)
    #expect(changes == ["~ /attribute/acl: attributes system.posix_acl_access"])
  }

  /// Skopeo makes a layer of the root file system, and that has the same files.
  @Test(.enabled(if: Laboratory.has("skopeo") && Laboratory.has("fakeroot"), "make test prepares skopeo"))
  func skopeoReadsIt() async throws {
    var layout = try SmallLayout(directory / "small")
    try layout.add("app", [[("bin/app", "1"), ("etc/app", "2")], [("etc/.wh.app", ""), ("etc/other", "3")]])
    let sif = (directory / "small.sif").description
    let program = (Laboratory.binaries / "coppice").description
    try await Laboratory.succeed([program, "sif", "build", sif, "oci:small"], in: directory.path)
    try await Laboratory.succeed(
      ["skopeo", "copy", "--quiet", "--insecure-policy", "sif:\(sif)", "oci:\(directory / "back"):1"])
    let difference = try await Laboratory.succeed([program, "sif", "diff", sif, "oci:back"], in: directory.path)
    #expect(difference.contains("no differences"), "\(difference)")
  }

  /// On another day, with one processor, as a user, at another place on earth, with another umask.
  @Test func theBytesDependOnTheImageAlone() async throws {
    let expected = try Laboratory.files.digest(of: try await build("made.sif"))
    func expect(_ name: FilePath, _ before: [String], _ environment: [String: String] = [:]) async throws {
      let made = try await build(name, before: before, environment: environment)
      #expect(try Laboratory.files.digest(of: made) == expected, "\(name)")
    }
    let oneProcessor = "echo 0 >one; mount --bind one /sys/devices/system/cpu/online; "
    try await expect(
      "one-processor.sif", ["unshare", "--mount", "sh", "-ec", oneProcessor + #"umask 077; exec "$@""#, "sh"],
      ["TZ": "Pacific/Kiritimati", "LC_ALL": "C"])
    try Laboratory.files.createDirectory(directory / "open")
    try Laboratory.files.setMode(0o777, of: directory / "open")
    try await expect(
      "open/user.sif", ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], ["TMPDIR": "/var/tmp"])
    if Laboratory.has("faketime") {
      for day in ["1999-12-31 23:59:58", "2036-02-29 12:00:00"] {
        try await expect(FilePath("open/\(day.prefix(4)).sif"), ["faketime", day])
      }
    }
  }
}
