internal import JSON

@testable internal import Catalog

/// Validates objects, which may be refused: validating a document again, or an empty change of it, must not change it.
func fuzzValidation(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let resource = input.element(of: Resource.all)
    guard let object = (try? JSON(parsing: input.remainder()))?.object else { return }
    guard let document = try? resource.validate(object) else { return }
    must(document.keys == resource.fields.map(\.name), "a document has every field, in order")
    for field in resource.fields { check(document[field.name] ?? .null, of: field) }
    let again = must("a document is valid") { try resource.validate(document) }
    must(again == document, "a document is validated once")
    let changed = must("nothing may always be changed") { try resource.validate([:], changing: document) }
    must(changed == document, "nothing changes nothing")
}

private func check(_ value: JSON, of field: Field) {
    must(!field.isRequired || !value.isNull, "\(field.name) is required")
    guard !value.isNull else { return }
    let isOfKind =
        switch field.kind {
        case .identifier: (1...256).contains(value.string?.utf8.count ?? 0)
        case .string: value.string != nil
        case .number: value.number != nil
        case .integer: value.int != nil
        case .bool: value.bool != nil
        case .timestamp: value.string?.utf8.count == Timestamp.byteCount
        case .json: true
        case .object, .nodeRef: value.object != nil
        }
    must(isOfKind, "\(field.name) is of its kind")
}
