package import ImageModel

/// Puts exact names into a Dockerfile in place of the references that its author wrote.
package enum DockerfileRewriter {
  /// The text with every range of an `ImageUse` replaced by a name; all else stays byte for byte.
  ///
  /// Precondition: the ranges are those of `facts.uses`. One that does not lie in the text is passed over.
  package static func text(
    of facts: DockerfileFacts, replacing replacements: [(range: Range<Int>, name: String)]
  ) -> [UInt8] {
    var text: [UInt8] = []
    var position = 0
    for (range, name) in replacements.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
    where range.lowerBound >= position && range.upperBound <= facts.text.count {
      text += facts.text[position..<range.lowerBound]
      text += name.utf8
      position = range.upperBound
    }
    return text + facts.text[position...]
  }
}
