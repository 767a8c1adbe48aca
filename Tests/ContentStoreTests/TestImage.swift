import ContentStore
import HostSystem
import ImageModel
import TestSupport

/// An image as an engine would save it.
struct TestImage {
  var layers: [[UInt8]]
  var created = "2024-01-01T00:00:00Z"
  var environment = "A=b"
  var extra = ""
  /// Nil is the id of a container, as buildah has it.
  var hostname: String?
  /// Nil is one step, with its time.
  var history: String?
  /// Nil is what the layers have.
  var diffID: String?

  enum Form: CaseIterable {
    /// `buildah push docker-archive:`
    case buildah
    /// `docker save` up to 24: layers under other ids, the manifest last.
    case legacy
    /// `docker save` from 25: an OCI layout with a manifest.json.
    case layout
    /// An OCI archive without docker's manifest.
    case oci
    /// The manifest first, and every layer but the first a link to where it lies.
    case linked
  }

  var config: [UInt8] {
    let hostname = hostname ?? Digest.sha256(created).short
    let diffIDs = layers.map { #""\#(diffID ?? "\(Digest.sha256($0))")""# }.joined(separator: ",")
    // Spaces and order as no JSON writer would put them: the bytes must be kept.
    return Array(
      #"""
      { "os":"linux",  "architecture":"amd64","created":"\#(created)", "container":"\#(Digest.sha256(created).hex)",
       "config":{"Env":["\#(environment)"],"OnBuild":["RUN true"],"Shell":["/bin/sh","-x"],"Hostname":"\#(hostname)"},"rootfs":{"type":"layers","diff_ids":[\#(diffIDs)]},
       "history":\#(history ?? #"[{"created":"\#(created)","created_by":"COPY"}]"#)\#(extra) }
      """#.utf8)
  }

  var id: Digest { .sha256(config) }

  func archive(_ form: Form) -> [UInt8] { tar(entries(form)) }

  func entries(_ form: Form) -> [TestEntry] {
    let (id, ids) = (id.hex, layers.map { Digest.sha256($0).hex })
    func manifest(_ config: String, _ names: [String]) -> TestEntry {
      let list = names.map { #""\#($0)""# }.joined(separator: ",")
      return TestEntry("manifest.json", #"[{"Config":"\#(config)","RepoTags":null,"Layers":[\#(list)]}]"#)
    }
    switch form {
    case .buildah:
      let files = zip(ids, layers).map { TestEntry($0 + ".tar", bytes: $1) }
      let links = ids.map { TestEntry.symbolicLink("x\($0)/layer.tar", to: "../\($0).tar") }
      return files + [TestEntry(id + ".json", bytes: config)] + links
        + [
          TestEntry("x/VERSION", "1.0"), manifest(id + ".json", ids.map { $0 + ".tar" }),
          TestEntry("repositories", "{}"),
        ]
    case .legacy:
      let names = layers.indices.map { Digest.sha256("legacy \($0) \(id)").hex }
      let files = zip(names, layers).flatMap { name, layer in
        [
          .directory(name + "/"), TestEntry(name + "/VERSION", "1.0"), TestEntry(name + "/json", "{}"),
          TestEntry(name + "/layer.tar", bytes: layer),
        ]
      }
      return [TestEntry(id + ".json", bytes: config)] + files
        + [manifest(id + ".json", names.map { $0 + "/layer.tar" }), TestEntry("repositories", "{}")]
    case .layout, .oci:
      var blobs = [TestEntry("blobs/sha256/" + id, bytes: config)]
      for (name, layer) in zip(ids, layers) { blobs.append(TestEntry("blobs/sha256/" + name, bytes: layer)) }
      let descriptors = zip(ids, layers).map { #"{"digest":"sha256:\#($0)","size":\#($1.count)}"# }
      let image = #"{"config":{"digest":"sha256:\#(id)"},"layers":[\#(descriptors.joined(separator: ","))]}"#
      blobs.append(TestEntry("blobs/sha256/" + Digest.sha256(image).hex, image))
      let index = TestEntry("index.json", #"{"manifests":[{"digest":"\#(Digest.sha256(image))"}]}"#)
      if form == .oci { return [.directory("blobs/"), TestEntry("oci-layout", "{}"), index] + blobs }
      return blobs + [
        index, manifest("blobs/sha256/" + id, ids.map { "blobs/sha256/" + $0 }), TestEntry("oci-layout", "{}"),
      ]
    case .linked:
      var seen: [String: String] = [:]
      var files: [TestEntry] = []
      for (index, layer) in layers.enumerated() {
        let name = "l\(index)/layer.tar"
        if let first = seen[ids[index]] {
          files.append(index.isMultiple(of: 2) ? .hardLink(name, to: first) : .symbolicLink(name, to: "../" + first))
        } else {
          seen[ids[index]] = name
          files.append(TestEntry("./" + name, bytes: layer))
        }
      }
      return [manifest("config.json", layers.indices.map { "l\($0)/layer.tar" })] + files
        + [TestEntry("real.json", bytes: config), .symbolicLink("config.json", to: "./real.json")]
    }
  }
}

extension SeededGenerator {
  mutating func image() -> TestImage {
    var layers: [[UInt8]] = []
    for _ in 0..<Int.random(in: 0..<5, using: &self) {
      if let first = layers.first, once(in: 5) { layers.append(first) } else { layers.append(tar(entries())) }
    }
    return TestImage(layers: layers)
  }
}

/// A store on a disk in memory.
struct TestStore {
  let disk = InMemoryFileSystem()
  let layout: ImageLayout

  init() throws {
    layout = ImageLayout(root: "/store", files: disk)
    try layout.prepare()
  }

  @discardableResult func add(_ image: TestImage, _ form: TestImage.Form = .buildah) throws -> StoredImage {
    try layout.importArchive(BytesReader(image.archive(form), pieceSize: 1000))
  }

  func export(_ config: Digest, _ names: [ImageReference] = []) throws -> [UInt8] {
    let writer = MemoryWriter()
    try layout.exportArchive(config: config, names: names, to: writer)
    return writer.bytes
  }

  var temporaryFiles: [FilePath] { disk.files(below: "/store").filter { $0.description.contains("temporary") } }

  func path(_ digest: Digest) -> FilePath { layout.path(ofBlob: digest) }
}

final class MemoryWriter: ByteWriter {
  private(set) var bytes: [UInt8] = []

  func write(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }
}

extension ByteReader {
  func allBytes() throws -> [UInt8] {
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 5000))
    while true {
      let count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
