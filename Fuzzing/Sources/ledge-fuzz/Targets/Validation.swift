internal import JSON

@testable internal import Catalog

/// Any object is a document or refused; a document is valid again and then the same, and a change of nothing changes
/// nothing.
func fuzzValidation(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let resource = input.element(of: Resource.all)
    guard let object = (try? JSON(parsing: input.remainder()))?.object else { return }
    guard let document = try? resource.validate(object) else { return }
    must(document.keys == resource.fields.map(\.name), "a document has every field, in order")
    let again = must("a document is valid") { try resource.validate(document) }
    must(again == document, "a document is validated once")
    let changed = must("nothing may always be changed") { try resource.validate([:], changing: document) }
    must(changed == document, "nothing changes nothing")
}
