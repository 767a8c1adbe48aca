internal import ContentStore
internal import HostSystem
internal import ImageModel
internal import JSONText

/// What is written beside a file of a VM image, with casa_distro's names, by which it can be checked.
struct MachineSidecar {
  private let recipe: MachineRecipe
  private let file: StoredMachine.File
  private let content: Digest
  private let fingerprint: Digest

  init(_ recipe: MachineRecipe, _ file: StoredMachine.File, _ content: Digest, _ fingerprint: Fingerprint) {
    (self.recipe, self.file, self.content, self.fingerprint) = (recipe, file, content, fingerprint.digest)
  }

  /// `FILE.json` and `FILE.md5`; one that says the same of the file already stays, with its time.
  func write(beside path: FilePath, _ files: any FileSystem, time: Int) throws {
    let json = FilePath(bytes: path.bytes + Array(".json".utf8))
    let known = (try? files.contentsIfPresent(of: json, limit: 1 << 20)).flatMap { $0 }
    let old = known.flatMap { try? JSONValue(parsing: $0) }?["creation_time"]?.string
    if let old, known == Array(text(created: old).utf8) { return }
    try files.replace(json, with: Array(text(created: DateText.utc(time)).utf8), mode: 0o644)
    // As casa_distro reads it: nothing else in the file.
    let md5 = FilePath(bytes: path.bytes + Array(".md5".utf8))
    try files.replace(md5, with: Array(file.md5.utf8), mode: 0o644)
  }

  private func text(created: String) -> String {
    JSONValue.object(
      JSONObject([
        ("name", .string(recipe.id.name)), ("image_version", .string(recipe.id.tag)), ("container_type", "vbox"),
        ("creation_time", .string(created)), ("origin", .string(recipe.id.description)),
        ("size", .integer(file.size)), ("md5", .string(file.md5)), ("sha256", .string(file.digest.hex)),
        ("content", .string(content.description)), ("fingerprint", .string(fingerprint.description)),
        ("memory", .integer(recipe.hardware.memory)), ("cpus", .integer(recipe.hardware.cpus)),
        ("disk_size", .integer(recipe.hardware.diskSize)),
      ])
    ).prettyText
  }
}
