import HostSystem
import ImageModel
import TestSupport
import Testing

/// The root file system in our SIF is the one that Apptainer makes of the same image; what differs is listed, one by one.
@Suite(.enabled(if: Apptainer.installed != nil, "make interop runs these"), .serialized)
struct ApptainerTreeTests {
  private static let hour = "Apptainer gives it the hour of the build; we, the time that the image was made or none"

  /// Of every image.
  private static let always = [
    JustifiedDifference(
      .content, .time, below: ".singularity.d", why: "the scripts are our own; labels name the image, and no hour")
  ]

  private static let nasty =
    always + [
      JustifiedDifference(
        .time,
        at: [
          ".exec", ".run", ".shell", ".test", ".singularity.d", "dev", "environment", "etc/hosts", "etc/resolv.conf",
          "home", "proc", "root", "singularity", "sys", "tmp", "var", "var/tmp",
        ], why: "added to the image. " + hour),
      JustifiedDifference(
        .time, at: ["", "etc", "opaque-above", "opaque-first", "opaque-implied"],
        why: "has the time of its entry in the layer; Apptainer, the hour at which it added or removed something there"),
      JustifiedDifference(
        .time, .mode,
        at: [
          "absolute", "again-tree", "attribute", "content", "device", "dots", "elsewhere", "from-tree-to-tree/in",
          "hard", "link", "many", "mode", "names", "opaque-above/sub", "opaque-implied/sub", "opaque-last/sub",
          "owner", "time",
        ], why: "no layer describes it: 0755, as engines have it; Apptainer lets its group write there. " + hour),
      JustifiedDifference(.mode, at: ["tmp"], why: "made by Apptainer as the parent of tmp/coppice-nasty, see there"),
      JustifiedDifference(
        .time, at: ["time/later"],
        why: "squashfs counts to 2106: the last second of that, where Apptainer begins again in 1970"),
      JustifiedDifference(
        .attributes, at: ["attribute/bytes", "attribute/same"],
        why: "an attribute may be empty, and GNU tar restores it; Apptainer's reader takes it for none"),
      JustifiedDifference(
        .first, at: [".wh..wh.plnk", ".wh..wh.plnk/1.2"],
        why: "what AUFS keeps for itself belongs to no tree, only what is linked from there"),
      JustifiedDifference(.links, at: ["link/aufs"], why: "its other name is AUFS's own, see there"),
      JustifiedDifference(
        .first,
        at: ["tmp/coppice-nasty", "tmp/coppice-nasty/of-the-root", "way-target/in", "way-target/in-too"],
        why: "Apptainer follows links of lower layers in the path of an entry, as if they were unpacked over each other"
      ),
      JustifiedDifference(
        .second, at: ["way/in", "way-absolute/in-too", "way-out/of-the-root"],
        why: "engines with overlays unpack each layer by itself: a directory takes the place of the lower layer's link"),
      JustifiedDifference(
        .mode, .time, .links, .content, at: ["way", "way-absolute", "way-out"],
        why: "the directory in place of the link, see above"),
    ]

  /// Of a root that was a container's before, and whose directories lie elsewhere.
  private static let used =
    nasty + [
      JustifiedDifference(
        .time, at: ["data/var", "data/var/tmp", "etc/other/hosts", "etc/other/resolv", "linked-runscript"],
        why: "where links lead that are there already. " + hour),
      JustifiedDifference(
        .time, .mode,
        at: [".singularity.d/actions", "data", "etc/other", "proc", "target", "target/in-tree", "usr"],
        why: "no layer describes it, see above"),
      JustifiedDifference(
        .time, .content, at: [".shell", "singularity"],
        why: "leads to a file of the image: re-pointed, as Apptainer does since 1.5"),
      JustifiedDifference(
        .mode, .time, .content, at: [".singularity.d/actions/exec", ".singularity.d/own-exec"],
        why: "a link in the place of a script is replaced; Apptainer writes the script into the file to which it leads"),
      JustifiedDifference(
        .content, at: ["linked-runscript"], why: "another name of the runscript, whose words are our own"),
    ]

  private func convertedNasty(_ extra: String...) async throws -> ConvertedImage {
    try await ConvertedImage(apptainer: try #require(Apptainer.installed)) { directory in
      try await Laboratory.nastyImage(directory / "image", extra)
    }
  }

  @Test func aNastyImageBecomesTheSameTree() async throws {
    let image = try await convertedNasty()
    try await image.makeTheirs()
    try await image.makeOurs()
    let theirs = try await ListedRoot(image.directory / "theirs.sif")
    let ours = try await ListedRoot(image.directory / "ours.sif")
    #expect(ours.files.count > 800)
    Self.nasty.expect(theirs, ours, allOccur: true)
    // A user's are the same bytes, and so the same owners.
    try await image.makeOurs("user.sif", asUser: true)
    #expect(try image.digest("user.sif") == image.digest("ours.sif"))
    let verified = try await image.coppice("sif", "verify", "theirs.sif")
    #expect(verified.status.isSuccess)
    // Apptainer's own file, as we read it.
    let difference = try await image.coppice("sif", "diff", "theirs.sif", "ours.sif")
    let known = ours.differences(from: theirs).keys.filter { ![.time, .links].contains($0.aspect) }
    let paths = Set(known.map { "/\($0.path)" })
    let told = String(decoding: difference.output, as: UTF8.self).split(separator: "\n").dropLast().map {
      String($0.dropFirst(2).prefix { $0 != ":" })
    }
    #expect(Set(told) == paths)
  }

  @Test func aUsedRootBecomesTheSameTree() async throws {
    let image = try await convertedNasty("used")
    try await image.makeTheirs()
    try await image.makeOurs()
    let theirs = try await ListedRoot(image.directory / "theirs.sif")
    let ours = try await ListedRoot(image.directory / "ours.sif")
    #expect(ours.files[".singularity.d/bootstrap_history/Apptainer0"] != nil)
    Self.used.expect(theirs, ours, allOccur: false)
  }

  /// Each stands in the nasty image beside all the rest.
  @Test func whatOneOfUsRefuses() async throws {
    for (extra, theirWords) in [("sparse", "unknown typeflag"), ("contiguous", "unknown typeflag")] {
      let image = try await convertedNasty(extra)
      let theirs = try await image.apptainer.run(
        ["apptainer", "build", "theirs.sif", "oci:image"], in: image.directory.path)
      #expect(!theirs.status.isSuccess && theirs.errors.contains(theirWords), "\(theirs.errors.suffix(500))")
      try await image.makeOurs()
      let files = try await ListedRoot(image.directory / "ours.sif").files
      if extra == "sparse" {
        #expect(files["sparse/gnu"]?.content != nil)
        #expect(files["sparse/gnu"]?.content == files["sparse/pax10"]?.content)
      } else {
        #expect(files["contiguous"]?.content.hasPrefix("f 6 ") == true)
      }
    }
    // Apptainer puts it into the root after all: such an archive was made to harm.
    let image = try await convertedNasty("outside")
    try await image.makeTheirs()
    let ours = try await image.coppice("sif", "build", "ours.sif", "oci:image")
    let words = String(decoding: ours.errorOutput, as: UTF8.self)
    #expect(
      !ours.status.isSuccess && words.contains("`../outside`") && words.contains("outside of the root"), "\(words)")
    #expect(try Laboratory.files.statusIfPresent(of: image.directory / "ours.sif") == nil)
  }

  /// A Debian, or what COPPICE_INTEROP_IMAGE names, as skopeo says it: `oci:quickstart/.coppice/store:cati/casa-dev:debian-12`.
  @Test func aRealImageBecomesTheSameTree() async throws {
    let image = try await ConvertedImage(apptainer: try #require(Apptainer.installed)) { directory in
      if let source = Laboratory.environment["COPPICE_INTEROP_IMAGE"] {
        try await Laboratory.succeed(["skopeo", "copy", "--quiet", source, "oci:\(directory / "image"):1"])
      } else {
        let root = try #require(Laboratory.environment["COPPICE_APPTAINER"])
        let script = Laboratory.sources / "Tests/lab/debian-image"
        try await Laboratory.succeed([script.description, root, "\(directory / "image")"])
      }
    }
    // How hard they compress does not count here.
    try await image.makeTheirs("--mksquashfs-args", "-comp zstd -Xcompression-level 1")
    try await image.makeOurs("ours.sif", "--compression=zstd", "--level=1")
    let theirs = try await ListedRoot(image.directory / "theirs.sif")
    let ours = try await ListedRoot(image.directory / "ours.sif")
    #expect(ours.files.count > 3000)
    let added: [FilePath] = [
      "", ".exec", ".run", ".shell", ".test", ".singularity.d", "dev", "environment", "etc", "etc/hosts",
      "etc/resolv.conf", "home", "proc", "root", "singularity", "sys", "tmp", "var", "var/tmp",
    ]
    let justified = Self.always + [JustifiedDifference(.time, at: added, why: "added to the image. " + Self.hour)]
    justified.expect(theirs, ours, allOccur: false)
    try await image.makeOurs("user.sif", "--compression=zstd", "--level=1", asUser: true)
    #expect(try image.digest("user.sif") == image.digest("ours.sif"))
  }
}
