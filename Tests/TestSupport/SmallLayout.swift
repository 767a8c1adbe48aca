internal import HostSystem
package import ImageModel

/// An image layout on the disk, with images of one layer for each list of files.
package struct SmallLayout {
  package let directory: FilePath
  private let files = PosixFileSystem()
  private var descriptors: [String] = []

  package init(_ directory: FilePath) throws {
    self.directory = directory
    try files.createDirectory(directory / "blobs/sha256")
    try write("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
  }

  private func write(_ path: FilePath, _ bytes: [UInt8]) throws {
    try files.replace(directory / path, with: bytes, mode: 0o644)
  }

  /// - Returns: the members of a descriptor.
  private func blob(_ bytes: [UInt8]) throws -> String {
    let digest = Digest.sha256(bytes)
    try write("blobs/sha256/\(digest.hex)", bytes)
    return #""digest":"\#(digest)","size":\#(bytes.count)"#
  }

  /// - Parameter layers: from the base up, each with its files by path.
  package mutating func add(
    _ name: String, _ layers: [[(path: String, text: String)]], platform: Platform = .host
  ) throws {
    let tars = layers.map { Self.tar($0) }
    let diffIDs = tars.map { #""\#(Digest.sha256($0))""# }.joined(separator: ",")
    let config = try blob(
      Array(
        #"{"os":"linux","architecture":"\#(platform.architecture)","config":{"Cmd":["sh"],"User":"me"},"created":"2024-01-02T03:04:05Z","rootfs":{"type":"layers","diff_ids":[\#(diffIDs)]}}"#
          .utf8))
    let blobs = try tars.map { "{\(try blob($0))}" }.joined(separator: ",")
    let manifest = try blob(Array(#"{"schemaVersion":2,"config":{\#(config)},"layers":[\#(blobs)]}"#.utf8))
    descriptors.append(
      #"{\#(manifest),"platform":{"os":"linux","architecture":"\#(platform.architecture)"},"#
        + #""annotations":{"org.opencontainers.image.ref.name":"\#(name)"}}"#)
    try write("index.json", Array(#"{"schemaVersion":2,"manifests":[\#(descriptors.joined(separator: ","))]}"#.utf8))
  }

  /// Regular files of mode 0644, owned by 1000:1000.
  package static func tar(_ files: [(path: String, text: String)]) -> [UInt8] {
    files.flatMap { path, text -> [UInt8] in
      var block = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, _ offset: Int) {
        block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
      }
      func octal(_ value: Int, _ count: Int = 7) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
      }
      put(path, 0)
      put(octal(0o644), 100)
      put(octal(1000), 108)
      put(octal(1000), 116)
      put(octal(text.utf8.count, 11), 124)
      put(octal(1000, 11), 136)
      put("        ", 148)
      put("0", 156)
      put("ustar\u{0}00", 257)
      put(octal(block.reduce(0) { $0 + Int($1) }), 148)
      return block + text.utf8 + [UInt8](repeating: 0, count: -text.utf8.count & 511)
    } + [UInt8](repeating: 0, count: 1024)
  }
}
