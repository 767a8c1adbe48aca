/// A place in a text file, for people and for tools that read `file:line:column`.
package struct SourceLocation: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var file: FilePath
  /// From 1; 0 means the file as a whole.
  package var line: Int
  /// From 1, in characters.
  package var column: Int

  package init(file: FilePath, line: Int = 0, column: Int = 0) {
    self.file = file
    self.line = line
    self.column = column
  }

  package var description: String {
    line == 0 ? "\(file)" : column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }
}

/// A value and where it was written.
package struct Located<Value: Sendable>: Sendable {
  package var value: Value
  package var location: SourceLocation

  package init(_ value: Value, at location: SourceLocation) {
    self.value = value
    self.location = location
  }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}

/// Something to tell a person about a file: what, where, why, and what to do next. Rendered once, at the edge.
package struct Diagnostic: Hashable, Sendable, Comparable {
  package enum Severity: String, Sendable, Hashable { case error, warning, note }

  package var severity: Severity
  /// One line, lower case, without a full stop at its end.
  package var message: String
  package var location: SourceLocation?
  /// The line of text at the location, shown with a caret below.
  package var sourceLine: String?
  /// What to do next.
  package var help: String?
  /// What can be switched off, by its name; nil for what is an error whatever one thinks of it.
  package var rule: LintRule?

  package init(
    _ severity: Severity, _ message: String, at location: SourceLocation? = nil, sourceLine: String? = nil,
    help: String? = nil, rule: LintRule? = nil
  ) {
    self.severity = severity
    self.message = message
    self.location = location
    self.sourceLine = sourceLine
    self.help = help
    self.rule = rule
  }

  package static func < (left: Self, right: Self) -> Bool {
    switch (left.location, right.location) {
    case (let first?, let second?): first != second ? first < second : left.message < right.message
    case (nil, _?): true
    case (_?, nil): false
    case (nil, nil): left.message < right.message
    }
  }
}

/// Faults of definitions, settings or arguments: nothing was done, exit status 2.
package struct InvalidInput: Error, Sendable {
  package var diagnostics: [Diagnostic]

  package init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}

/// Something of the world refused (engine, disk, network, lock): what happened and what to do next, exit status 1.
package struct Failure: Error, Sendable, CustomStringConvertible {
  package var message: String
  package var location: SourceLocation?
  package var help: String?

  package init(_ message: String, at location: SourceLocation? = nil, help: String? = nil) {
    self.message = message
    self.location = location
    self.help = help
  }

  package var description: String { message }
}
