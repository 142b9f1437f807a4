internal import Catalog

/// The shape of a body or a parameter, as the OpenAPI document shows it.
indirect enum Schema: Sendable {
    /// Any JSON value.
    case any
    case null
    case string
    case integer
    /// An integer from 0.
    case count
    case number
    case bool
    case timestamp
    /// Several texts: a list, or one text with commas between them.
    case texts
    /// A file name, without path separators and control characters.
    case fileName
    /// One of these strings.
    case oneOf([String])
    /// An object with these members.
    case object([Member])
    /// An object with members of any name.
    case map(Schema)
    case array(Schema)
    /// The value or null.
    case nullable(Schema)
    /// A stored document.
    case document(Resource)
    /// The fields that a client sends to store a document.
    case draft(Resource)
    /// The fields that a client sends to change a document.
    case change(Resource)
    /// `{"count":N,"result":[documents]}`
    case page(Resource)
    /// A number of documents, or an object of the number and the query plan.
    case counted
    /// The query plan of a list or a count.
    case plan
    /// The result of batch ingest: `{"accepted":N,"refused":M,"errors":[…]}`.
    case receipt
    /// Conditions: any field of a resource, with or without an operator.
    case filter(Resource)
    /// `{"message":"…"}`, with further members in some responses.
    case message
    /// The bytes of a file.
    case bytes
    case html

    /// One member of an object.
    struct Member: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool
        let summary: String

        static func required(_ name: String, _ schema: Schema = .string, _ summary: String = "") -> Member {
            Member(name: name, schema: schema, isRequired: true, summary: summary)
        }

        static func optional(_ name: String, _ schema: Schema = .string, _ summary: String = "") -> Member {
            Member(name: name, schema: schema, isRequired: false, summary: summary)
        }
    }
}
