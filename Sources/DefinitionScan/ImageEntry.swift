package import ImageModel

/// Where an entry of `image_sources` says what no recipe keeps the place of.
package struct ImageEntry: Sendable {
  /// The values of `build_args`, by name.
  package var buildArguments: [String: SourceLocation]
  /// The values of parameters that a template, a name, a tag or another such parameter names, and of all others.
  package var usedParameters: [String: SourceLocation]
  package var unusedParameters: [String: SourceLocation]

  package init(
    buildArguments: [String: SourceLocation] = [:], usedParameters: [String: SourceLocation] = [:],
    unusedParameters: [String: SourceLocation] = [:]
  ) {
    self.buildArguments = buildArguments
    self.usedParameters = usedParameters
    self.unusedParameters = unusedParameters
  }
}
