package import JSON

/// The value at a path of a document.
package enum FieldValue: Sendable {
    /// No value, which conditions treat as null.
    case missing
    /// One scalar value.
    case one(Scalar)
    /// The scalars of an array, in order; none for an object.
    case many([Scalar])

    /// Reads the field at `path` of the object in `document`.
    package init(_ path: FieldPath, in document: UnsafeRawBufferPointer) {
        var value = FieldValue.missing
        JSONScanner.member(path, of: document) { value.add(Scalar($0)) }
        self = value
    }

    /// Reads the fields at several paths of the object in `document`, in one pass.
    package static func all(_ paths: [FieldPath], in document: UnsafeRawBufferPointer) -> [FieldValue] {
        var values = [FieldValue](repeating: .missing, count: paths.count)
        JSONScanner.members(paths, of: document) { position, span in values[position].add(Scalar(span)) }
        return values
    }

    private mutating func add(_ scalar: Scalar?) {
        switch self {
        case .missing: self = scalar.map(FieldValue.one) ?? .many([])
        case .one(let first): self = .many([first] + (scalar.map { [$0] } ?? []))
        case .many(var scalars):
            // Without a second reference the elements are appended in place: a client chooses their number.
            self = .missing
            if let scalar { scalars.append(scalar) }
            self = .many(scalars)
        }
    }

    /// The value that documents are sorted by: the first scalar, or null.
    package var sortValue: Scalar {
        switch self {
        case .missing: .null
        case .one(let scalar): scalar
        case .many(let scalars): scalars.first ?? .null
        }
    }

    /// Whether one of the scalars that conditions use passes.
    func contains(where passes: (Scalar) -> Bool) -> Bool {
        switch self {
        case .missing: passes(.null)
        case .one(let scalar): passes(scalar)
        case .many(let scalars): scalars.contains(where: passes)
        }
    }

    /// Calls `body` with every scalar that conditions use.
    func forEach(_ body: (Scalar) -> Void) {
        switch self {
        case .missing: body(.null)
        case .one(let scalar): body(scalar)
        case .many(let scalars): scalars.forEach(body)
        }
    }
}

extension Condition {
    /// Whether the object in `document` matches.
    package func holds(in document: UnsafeRawBufferPointer) -> Bool {
        let value = FieldValue(path, in: document)
        return switch test {
        case .noneOf: !value.contains(where: forms.contains)
        case .anyOf: value.contains(where: forms.contains)
        case .less, .lessOrEqual, .greater, .greaterOrEqual: value.contains(where: test.passes)
        }
    }
}
