internal import ArgumentParser
internal import Catalog
internal import JSON

/// The format of a file of documents, which applies to all documents of the file.
enum ImportFormat: String, CaseIterable, ExpressibleByArgument {
    /// Decided by the first document.
    case auto
    /// Plain JSON, as `ledge export` writes it: documents are stored as they are.
    case ledge
    /// MongoDB's extended JSON, as `mongoexport` writes it: ``ExtendedJSON`` is converted.
    case mongoexport

    /// The format of a file whose first document is `object`.
    ///
    /// `mongoexport` writes an `_id`, and dates as objects. Documents that Ledge has stored end in its own time stamps,
    /// and may have an `_id` if they were not validated.
    static func detected(by object: JSONObject) -> ImportFormat {
        if isExport(object) { return .ledge }
        return object["_id"] != nil || Resource.stamps.contains { object[$0]?.object != nil } ? .mongoexport : .ledge
    }

    /// Whether Ledge wrote the object: it has both time stamps in Ledge's form.
    static func isExport(_ object: JSONObject) -> Bool {
        Resource.stamps.allSatisfy { object[$0]?.string.map(Timestamp.isWritten) ?? false }
    }

    /// Returns an object of a file as a document.
    func document(_ object: JSONObject, key: String) -> JSONObject {
        converts ? ExtendedJSON.document(object, key: key) : object
    }

    /// Whether values of extended JSON are converted.
    private var converts: Bool { self == .mongoexport }

    /// Shape: `--from ledge, which stores documents as they are`, for messages.
    var text: String {
        "--from \(rawValue), which " + (converts ? "converts MongoDB's extended JSON" : "stores documents as they are")
    }
}

extension Timestamp {
    /// Whether a text is a time in the form in which Ledge writes it.
    fileprivate static func isWritten(_ text: String) -> Bool {
        text.utf8.count == byteCount && Timestamp(parsing: text)?.description == text
    }
}
