// Sum of two words and a carry: the accumulator's adder.
//
//   groups of 4 bits ripple, each as if no carry came in; a prefix tree (Sklansky, IRE Transactions on
//   Electronic Computers EC-9, 1960) over the groups finds what comes in; it changes a bit where all
//   bits of its group below have their carry passed on
//
// With a quarter of the bits the tree is shallow without being large. Synthesis makes a tree over all bits
// of `+`, which is twice as deep.
//
// Parameters  WIDTH  bits of both words
// Ports       {carry_o, sum_o} = a_i + b_i + carry_i
// Latency     combinational.

module posit_add #(
    parameter int WIDTH = 46
) (
    input  logic [WIDTH-1:0] a_i,
    input  logic [WIDTH-1:0] b_i,
    input  logic             carry_i,
    output logic [WIDTH-1:0] sum_o,
    output logic             carry_o
);

  localparam int Group = 4;
  localparam int Groups = (WIDTH + Group - 1) / Group;

  logic [WIDTH-1:0] makes, passes;     // a carry, by each bit
  logic [WIDTH-1:0] own, all;          // carry from below in the group; all bits below it pass one on
  logic [Groups-1:0] out, through;     // the same of groups, then of all groups up to this one
  logic carry, run;

  always_comb begin
    makes = a_i & b_i;
    passes = a_i ^ b_i;
    for (int k = 0; k < Groups; k++) begin
      carry = 1'b0;
      run = 1'b1;
      for (int i = k * Group; i < (k + 1) * Group && i < WIDTH; i++) begin
        own[i] = carry;
        all[i] = run;
        carry = makes[i] | (passes[i] & carry);
        run = run & passes[i];
      end
      out[k] = carry;
      through[k] = run;
    end

    out[0] = out[0] | (through[0] & carry_i);
    for (int d = 1; d < Groups; d = d * 2) begin
      for (int k = 0; k < Groups; k++) begin
        if ((k / d) % 2 == 1) begin
          out[k] = out[k] | (through[k] & out[(k/d)*d-1]);
          through[k] = through[k] & through[(k/d)*d-1];
        end
      end
    end

    for (int i = 0; i < WIDTH; i++) begin
      sum_o[i] = passes[i] ^ (own[i] | (all[i] & ((i < Group) ? carry_i : out[i/Group-1])));
    end
  end
  assign carry_o = out[Groups-1];

endmodule
