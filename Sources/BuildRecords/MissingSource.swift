package import DockerfileText
package import ImageModel

/// A source of COPY, ADD or a bind mount that a build will not find.
package struct MissingSource: Hashable, Sendable {
  package enum Cause: Hashable, Sendable {
    /// Nothing of the directory matches.
    case absent
    /// The first path that matches is left out by this rule of the ignore file.
    case ignored(path: [UInt8], rule: IgnoreRule)
    /// The first path that matches is a definition file or a template, which are never part of a context.
    case definition(path: [UInt8])
  }

  package var selector: ContextSelector
  package var cause: Cause
}
