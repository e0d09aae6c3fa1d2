tool: base_tool
toolset: clusters
title: [31mA sound tool
effect: read
about: Reads a cluster, and nothing else.
params:
  name: { use: name }
  namespace: { use: namespace }
steps:
  - use: find_cluster
output:
  instances: "{{ cluster.spec.instances }}"
answer: There are {{ output.instances }} instances.
examples:
  - call: { name: main }
