internal import HostSystem
package import ImageModel
internal import JSONText

extension ImageLayout {
  private static let nameKey = "org.opencontainers.image.ref.name"

  /// Gives images their names, `cati/casa-dev:ubuntu-18.04`, as `skopeo inspect oci:STORE:NAME` looks them up.
  ///
  /// - Parameter isReplaced: names for which it is true go, unless they are set here; all others stay.
  /// - Throws: `Failure` when one of the images is not in the store; no name has changed then.
  package func setNames(
    _ names: [(name: String, config: Digest)], replacing isReplaced: (String) -> Bool = { _ in false }
  ) throws {
    try inStore {
      let set = try names.map { name, config in
        guard let image = try image(config) else {
          throw Failure("image \(config) is not in the content store", help: "build \(name) again")
        }
        return (name, JSONValue.descriptor(MediaType.index, image.index, image.indexSize))
      }
      try prepare()
      try locked {
        var descriptors = try namedDescriptors().filter { !isReplaced($0.name) }
        let changed = Set(set.map(\.0))
        descriptors.removeAll { changed.contains($0.name) }
        descriptors += Dictionary(set) { _, last in last }.map { ($0.key, $0.value) }
        try writeIndex(descriptors)
      }
    }
  }

  /// The digest that each name points at: an image's `index`.
  package func names() throws -> [String: Digest] {
    try inStore {
      Dictionary(
        try namedDescriptors().compactMap { name, descriptor in
          descriptor["digest"]?.string.flatMap { Digest($0) }.map { (name, $0) }
        }
      ) { _, last in last }
    }
  }

  /// What `index.json` holds; without a name the name is empty.
  func namedDescriptors() throws -> [(name: String, descriptor: JSONValue)] {
    guard let bytes = try files.contentsIfPresent(of: indexPath, limit: 64 << 20) else { return [] }
    do throws(JSONFault) {
      let index = try JSONValue(parsing: bytes)
      return (index["manifests"]?.array ?? []).map { ($0["annotations"]?[Self.nameKey]?.string ?? "", $0) }
    } catch {
      throw Failure(
        "\(indexPath) is damaged: \(error)", help: "the next `coppice build` writes it again; only names are lost")
    }
  }

  func isIndexReadable() throws -> Bool {
    guard let bytes = try files.contentsIfPresent(of: indexPath, limit: 64 << 20) else { return false }
    return (try? JSONValue(parsing: bytes))?["manifests"]?.array != nil
  }

  /// An index without names, in the place of none or of a damaged one: who builds gives the names again.
  /// - Precondition: nobody else changes names.
  func startIndex() throws {
    if try isIndexReadable() { return }
    if try files.statusIfPresent(of: indexPath) != nil {
      try files.createDirectory(damaged)
      try files.rename(indexPath, to: damaged / "index.json")
    }
    let index = #"{"schemaVersion":2,"mediaType":"\#(MediaType.index)","manifests":[]}"#
    try files.replace(indexPath, with: Array(index.utf8), mode: 0o644)
  }

  /// Sorted by name: the same names give the same bytes.
  func writeIndex(_ descriptors: [(name: String, descriptor: JSONValue)]) throws {
    let sorted = descriptors.sorted { ($0.name, $0.descriptor.text) < ($1.name, $1.descriptor.text) }
    let manifests = sorted.map { name, descriptor in
      guard !name.isEmpty, var object = descriptor.object else { return descriptor }
      var annotations = object["annotations"]?.object ?? JSONObject()
      annotations[Self.nameKey] = .string(name)
      object["annotations"] = .object(annotations)
      return .object(object)
    }
    let index = JSONValue.object([
      ("schemaVersion", 2), ("mediaType", .string(MediaType.index)), ("manifests", .array(manifests)),
    ])
    try files.replace(indexPath, with: Array(index.prettyText.utf8), mode: 0o644)
  }
}
