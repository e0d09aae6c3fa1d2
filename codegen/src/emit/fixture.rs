//! A small program with every verb that asks something of Kubernetes, for tests of emitters.

use std::fs;

use crate::lowered::Program;

const WIDGET: &str = "
resource: Widget
api: shop.example/v1
plural: widgets
operator: Widget Works
status_subresource: true
about: Something to sell.
fields:
  spec:
    required: true
    fields:
      owner: { type: string, required: true, immutable: true, about: Who has it. }
      maker: { required: true, fields: { name: { type: string, required: true } } }
      replicas: { type: int, default: 1, min: 0, max: 9 }
      color: { enum: [red, green], default: red }
      price: { type: quantity }
      labels: { type: map<string> }
      extra: { type: opaque }
      parts: { key: name, items: { fields: { name: { type: string, required: true, pattern: '^[a-z|]+$', max_length: 9 }, size: { type: int } } } }
  status:
    server_set: true
    fields:
      phase: { type: string, about: How it is doing. }
      replicas: { type: int }
      since: { type: time }
";

const NOTE: &str = "
resource: Note
api: v1
plural: notes
read: metadata
about: A note about something.
fields:
  text: { type: map<secret>, write_only: true }
";

const MAKE: &str = "
tool: make_widget
toolset: widgets
title: Make a widget
effect: write
about: |
  Make a widget. It has one | part.
params:
  name: { type: string, about: Name of it., required: true, format: dns1035_label, max_length: 20 }
  part: { type: string, about: 'Part, as `a|b`.', required: true, pattern: '^[a-z|]+$', reserved: { names: [top], prefixes: [x_] } }
  count: { type: int, about: How many., default: 1, min: 1, max: 9 }
  timeout: { type: int, about: How long to wait., default: '{{ 60 * count }}', min: 1, max: 600 }
  key: { type: secret, about: What opens it. }
  namespace: { type: string, about: Namespace., default: '{{ current_namespace() }}' }
  dry_run: { type: bool, about: Change nothing., default: false, meaning: dry_run }
steps:
  - list: notes
    kind: Note
    forbidden: Notes could not be read.
  - create: note
    kind: Note
    name: '{{ name }}'
    body: { text: { key: '{{ key }}' } }
    existing: { adopt: '{{ ours(existing) }}' }
    undo: delete
  - get: widget
    kind: Widget
    name: '{{ name }}'
  - edit: widget
    list: spec.parts
    key: { name: '{{ part }}' }
    put: { size: '{{ count }}' }
    undo: restore
  - wait: widget
    when: '{{ count > 1 }}'
    until: \"{{ item.status.phase == 'Ready' }}\"
    timeout: '{{ timeout }}'
output:
  name: '{{ widget.metadata.name }}'
  phase: '{{ widget.status.phase }}'
  notes: '{{ notes | length }}'
  parts: { each: '{{ widget.spec.parts }}', as: { name: '{{ item.name }}', size: '{{ item.size }}' } }
answer: Made {{ output.name }}.
examples:
  - title: One
    call: { name: one, part: a }
";

const DROP: &str = "
tool: drop_widget
toolset: widgets
title: Drop a widget
effect: destroy
about: Drop a widget.
params:
  name: { type: string, about: Name of it., required: true }
  sure: { type: bool, about: Really., default: false, meaning: confirmation }
  namespace: { type: string, about: Namespace., default: '{{ current_namespace() }}' }
  dry_run: { type: bool, about: Change nothing., default: false, meaning: dry_run }
steps:
  - get: widget
    kind: Widget
    name: '{{ name }}'
  - confirm: { by: sure, plan: plan.md }
  - delete: widget
output:
  name: '{{ name }}'
answer: Dropped {{ output.name }}.
examples:
  - call: { name: one, sure: true }
  - call: { name: two }
";

const PAINT: &str = "
tool: paint_widget
toolset: widgets
title: Paint a widget
effect: write
idempotent: true
about: Paint a widget. Its name stays.
params:
  name: { type: string, about: Name of it., required: true }
  color: { type: string, about: Its color., enum: [red, green], default: red }
  namespace: { type: string, about: Namespace., default: '{{ current_namespace() }}' }
  dry_run: { type: bool, about: Change nothing., default: false, meaning: dry_run }
steps:
  - patch: widget
    kind: Widget
    name: '{{ name }}'
    set: { spec: { color: '{{ color }}', labels: { painted: 'yes' } } }
output:
  name: '{{ widget.metadata.name }}'
answer: Painted {{ output.name }}.
examples:
  - call: { name: one }
";

const READ: &str = "
tool: read_notes
toolset: notes
title: Read notes
effect: read
about: Read notes.
params:
  namespace: { type: string, about: Namespace., default: '{{ current_namespace() }}' }
steps:
  - list: notes
    kind: Note
output:
  names: { each: '{{ notes }}', as: '{{ item.metadata.name }}' }
answer: '{{ output.names | length }} notes.'
examples:
  - call: {}
";

/// The program.
pub fn program() -> Program {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("resources/widget.yaml", WIDGET),
        ("resources/note.yaml", NOTE),
        ("tools/make_widget.yaml", MAKE),
        ("tools/drop_widget.yaml", DROP),
        ("tools/paint_widget.yaml", PAINT),
        ("tools/read_notes.yaml", READ),
        ("partials/plan.md", "{{ output.name }} would go.\n"),
        ("partials/planned.md", "Nothing is changed.\n"),
        ("partials/foot.md", ""),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }
    let compilation = crate::compile(folder.path()).expect("it can be read");
    let said: Vec<String> = compilation
        .diagnostics
        .iter()
        .map(|diagnostic| crate::diagnostic::render_line(&compilation.sources, diagnostic))
        .collect();
    compilation.program.unwrap_or_else(|| panic!("{}", said.join("\n")))
}
