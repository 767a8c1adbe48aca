internal import ImageModel
internal import YAMLText

/// The names of an image after its parameters are expanded.
struct ImageNames {
  /// Without the namespace.
  var name: String
  /// The last tag.
  var main: String
  var reference: ImageReference
  /// The other tags, each once.
  var aliases: [Located<ImageReference>]

  /// Nil, and faults, when they are no names.
  init?(
    _ source: DefinitionFile.ImageSource, namespace: String, _ expansion: inout TemplateExpansion,
    _ reader: inout StrictReader
  ) {
    func expand(_ text: Located<String>) -> String? {
      let known = expansion.parameterFaults.count
      let (result, faults) = expansion.expand(text.value)
      for fault in faults { reader.report(fault.message, at: text.location, help: fault.help) }
      return faults.isEmpty && expansion.parameterFaults.count == known ? result : nil
    }

    let name = expand(source.name)
    let repository = name.flatMap { Self.repository("\(namespace)/\($0)") }
    var references: [Located<ImageReference>] = []
    var isWhole = true
    for tag in source.tags {
      guard let text = expand(tag) else {
        isWhole = false
        continue
      }
      if !ImageReference.isTag(text) {
        reader.report(
          "'\(text)' is not a tag", at: tag.location,
          help: "use at most 128 letters, digits, '_', '.', '-', neither '.' nor '-' first")
        isWhole = false
      } else if var reference = repository {
        reference.tag = text
        references.append(Located(reference, at: tag.location))
      }
    }
    guard let name else { return nil }
    guard repository != nil else {
      reader.report(
        "'\(name)' is not a name of an image", at: source.name.location,
        help: "use lower-case letters and digits with single '.', '_', '-' inside")
      return nil
    }
    guard isWhole, let main = references.popLast(), let tag = main.value.tag else { return nil }
    self.name = name
    self.main = tag
    reference = main.value
    var seen: Set = [main.value]
    aliases = []
    // The predecessor took a repeated tag, so it is no error.
    for alias in references {
      if seen.insert(alias.value).inserted {
        aliases.append(alias)
      } else {
        reader.report(
          "the tag '\(alias.value.tag ?? "")' is given twice", at: alias.location, .warning, help: "remove it here",
          rule: .repeatedTag)
      }
    }
  }

  private static func repository(_ text: String) -> ImageReference? {
    // Without this a colon would begin a tag, and a word in capitals could be a registry.
    guard text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(ImageReference.isComponent) else {
      return nil
    }
    return try? ImageReference(text)
  }
}
