package import ImageModel
internal import JSONText

extension ImageFiles {
  /// The image of a layout, or of docker's older archives.
  ///
  /// - Parameters:
  ///   - name: nil for the only one.
  ///   - platform: nil for this machine's, or the only one's.
  /// - Throws: `Failure`, which names what is there instead.
  package func image(named name: String?, platform: Platform?) throws -> SourceImage {
    // Docker writes both since version 25; only the index has digests.
    if try size(of: "index.json") != nil { return try LayoutIndex(self, platform).image(named: name) }
    if try size(of: "manifest.json") != nil { return try DockerManifest(self).image(named: name, platform) }
    throw fault("it has neither index.json nor manifest.json", help: "is it an image?")
  }

  /// Why no image could be chosen.
  /// - Parameters:
  ///   - names: of all that are there.
  ///   - count: of those that may be meant.
  func noChoice(_ name: String?, among names: [String], count: Int) -> Failure {
    let offered = names.isEmpty ? "none has a name" : "there are " + names.prefix(20).joined(separator: ", ")
    guard let name else {
      return fault(
        "it holds \(count) images instead of one", help: count == 0 ? "is it an image?" : "choose by name: \(offered)")
    }
    return fault(
      count == 0 ? "it has no image `\(name)`" : "it has \(count) images that may be meant by `\(name)`", help: offered)
  }
}
